# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the collection ansible.windows from the PyPI package ansible, for the peer."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

PART = "ansible_collections/ansible/windows/"


def fetch(folder: Path, requirements: Path) -> Path:
    """Create a collections path with ansible.windows, unless it exists.

    Args:
        folder: what to make.
        requirements: names the package and its version.
    """
    if not (folder / PART).is_dir():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-r", requirements, "-d", folder]
        subprocess.run(command, check=True)
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder, [name for name in archive.namelist() if name.startswith(PART)])
            wheel.unlink()
    return folder
