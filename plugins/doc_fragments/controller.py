# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared attributes of the modules that contact no host."""

from __future__ import annotations


class ModuleDocFragment:
    """The counterpart of the fragment ``host``: what Ansible's keywords mean for a module that contacts no host."""

    DOCUMENTATION = r"""
options: {}
attributes:
  platform:
    description: Systems that the module manages.
    support: full
    platforms: all
    details:
      - Contacts no host.
  become:
    description: Can be used with C(become).
    support: none
    details:
      - C(become) has no effect. The module runs as the user that runs Ansible.
  connection:
    description: Uses the connection of the host.
    support: none
  delegation:
    description: Can be used with C(delegate_to).
    support: full
    details:
      - C(delegate_to) has no effect, because the module always runs on the controller.
"""
