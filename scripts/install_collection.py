# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection from the files that git lists, and install it below FOLDER/collections.

Usage: python scripts/install_collection.py FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from checkout import install_artifact

if __name__ == "__main__":
    print(install_artifact(Path(sys.argv[1]), os.environ))
