# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name a library or program that is missing on the controller, before anything is sent."""

from __future__ import annotations

import importlib
import shlex
import shutil
from collections.abc import Iterable


def missing_library(user: str, modules: Iterable[str], package: str, other: str) -> str:
    """Return a sentence that names the missing library; empty if all are there.

    Args:
        user: what needs the library, with which the sentence begins.
        modules: those of the library.
        package: the package to install with pip.
        other: the variable and value for what does without the library.
    """
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            return (
                f"{user} needs the Python package {package} on the controller ({error}): install it next to"
                f" ansible-core with pip install {shlex.quote(package)}, or set {other}."
            )
    return ""


def missing_kinit(command: str) -> str:
    """Return a sentence if the program that gets a ticket for a password is missing; empty if it is there."""
    if shutil.which(command):
        return ""
    return (
        f"Kerberos with a password needs the program {command} on the controller: install krb5-user (Debian) or"
        " krb5-workstation (Red Hat), or name it with ansible_winrm_kinit_cmd."
    )
