# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared attributes of all modules."""

from __future__ import annotations


class ModuleDocFragment:
    """What Ansible's keywords mean for every module. The fragments ``host`` and ``controller`` add what differs."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode.
  diff_mode:
    description: Returns a diff of what it changes.
  idempotent:
    description: A second call with the same options changes nothing, unless the host has changed in between.
  action:
    description: Whether the module is an action plugin, which runs on the controller.
    support: full
  async:
    description: Can be used with C(async).
    support: none
"""
