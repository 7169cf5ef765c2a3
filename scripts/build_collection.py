# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's archive into dist/, from the files that git lists.

Usage: python scripts/build_collection.py
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from checkout import CHECKOUT, build_artifact

if __name__ == "__main__":
    dist = CHECKOUT / "dist"
    dist.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        archive = build_artifact(Path(folder))
        shutil.copy2(archive, dist)
    print(f"dist/{archive.name}")
