# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lint what antsibull-docs makes of the collection: references, markup, and the pages of modules, filters and role.

Every reference must lead somewhere: to this collection, or to one that is installed beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys

from checkout import CACHE, GATES, copy_files

ROOT = CACHE / "collection-docs"


def environment() -> dict[str, str]:
    """Variables for antsibull-docs, so that the ansible-core beside it finds only this collection."""
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
        "ANSIBLE_HOME": str(ROOT / "home"),
        "PATH": f"{GATES}:{os.environ['PATH']}",
    }


def copy_collection() -> str:
    """Put the collection below its import path; return its folder."""
    collection = ROOT / "ansible_collections" / "portkeeper" / "windows_dns"
    copy_files(collection, leave_out=("lab", "tests"))
    return str(collection)


def main() -> int:
    """Copy and lint; return the linter's exit code."""
    command = [str(GATES / "antsibull-docs"), "lint-collection-docs", "--plugin-docs"]
    command += ["--validate-collection-refs", "all", "--disallow-unknown-collection-refs", "--check-extra-docs-refs"]
    return subprocess.run([*command, copy_collection()], env=environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
