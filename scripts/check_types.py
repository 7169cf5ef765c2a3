# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run mypy in strict mode on module_utils and plugin_utils under their import names."""

from __future__ import annotations

import os
import subprocess
import sys

from checkout import CHECKOUT

sys.path.insert(0, str(CHECKOUT / "tests"))
import conftest

PACKAGES = ("module_utils", "plugin_utils")


def main() -> int:
    """Check both packages; return mypy's exit code."""
    conftest.link_checkout()
    folders = [str(conftest.LINK / "plugins" / package) for package in PACKAGES]
    environment = {**os.environ, "MYPYPATH": str(conftest.NAMESPACE)}
    command = [sys.executable, "-m", "mypy", "--config-file", str(CHECKOUT / "pyproject.toml"), *folders]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
