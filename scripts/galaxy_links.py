# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the links of README.md absolute in a folder that an archive is built from.

Galaxy shows the README of an archive and none of the files beside it: there, links must lead to the repository, at the
tag of the version.

Usage: python scripts/galaxy_links.py FOLDER
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_LINK = re.compile(r"(!?\[[^\]]*\]\()(?!https?://|#)([^)\s]+)\)")


def absolute_links(text: str, repository: str, version: str) -> str:
    """Return the text with links to files of the repository instead of relative ones.

    Args:
        text: Markdown of a file at the repository's top.
        repository: its address.
        version: the tag.
    """

    def absolute(link: re.Match[str]) -> str:
        view = "raw" if link[1].startswith("!") else "blob"
        return f"{link[1]}{repository}/{view}/{version}/{link[2]})"

    return _LINK.sub(absolute, text)


def rewrite(folder: Path) -> None:
    """Rewrite the README of a collection's source; ``galaxy.yml`` there says repository and version."""
    galaxy = (folder / "galaxy.yml").read_text(encoding="utf-8")
    said = dict(re.findall(r"^(repository|version): (\S+)$", galaxy, re.MULTILINE))
    readme = folder / "README.md"
    text = absolute_links(readme.read_text(encoding="utf-8"), said["repository"], said["version"])
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
