# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace the bootstrap script that ansible-test would download: install pip from the package index."""

from __future__ import annotations

import subprocess
import sys

OWN_OPTIONS = {"--no-setuptools", "--no-wheel"}


def main() -> None:
    """Install the packages that ansible-test names (``pip==X ...``) with the pip that this Python bundles."""
    arguments = [argument for argument in sys.argv[1:] if argument not in OWN_OPTIONS]
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=True)


if __name__ == "__main__":
    main()
