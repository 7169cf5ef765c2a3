# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-lint (profile production, offline) on a copy of the collection under its import path.

Linted in place, the collection's own modules would be found only after an installation into the user's home.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ansible_test import copy_collection

from checkout import CACHE

ROOT = CACHE / "ansible-lint"


def main() -> int:
    """Copy and lint; return ansible-lint's exit code."""
    collection = ROOT / "ansible_collections" / "portkeeper" / "windows_dns"
    copy_collection(collection)
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
        "ANSIBLE_HOME": str(ROOT / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_COLOR": "1",
    }
    command = [str(Path(sys.executable).with_name("ansible-lint")), "--offline", "--profile", "production", "--strict"]
    return subprocess.run(command, cwd=collection, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
