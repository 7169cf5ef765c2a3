# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the links of README.md absolute in a folder that an archive is built from.

Galaxy shows the README of an archive and none of the files beside it: there, links must lead to the repository, at the
tag of the version.

Usage: python scripts/galaxy_links.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from markdown_page import Link, MarkdownPage

ELSEWHERE = ("http://", "https://", "mailto:", "#")
"""How a link begins that Galaxy can follow."""


class LinkError(Exception):
    """A link that could not be made absolute."""


def absolute_links(text: str, repository: str, version: str) -> str:
    """Return the text with links to files of the repository instead of relative ones.

    Args:
        text: Markdown of a file at the repository's top.
        repository: its address.
        version: the tag.

    Raises:
        LinkError: a relative link is left, because it is not written as ``[text](target)``.
    """
    lines = text.splitlines(keepends=True)
    for link in _relative(text):
        view = "raw" if link.is_image else "blob"
        for number in range(*link.lines):
            lines[number] = lines[number].replace(
                f"]({link.target})", f"]({repository}/{view}/{version}/{link.target})"
            )
    made = "".join(lines)
    for link in _relative(made):
        raise LinkError(f"line {link.lines[0] + 1}: the link to {link.target} is not written as [text](target)")
    return made


def _relative(text: str) -> list[Link]:
    return [link for link in MarkdownPage(text).links() if not link.target.startswith(ELSEWHERE)]


def rewrite(folder: Path) -> None:
    """Rewrite the README of a collection's source; ``galaxy.yml`` there says repository and version."""
    galaxy = yaml.safe_load((folder / "galaxy.yml").read_text(encoding="utf-8"))
    readme = folder / "README.md"
    text = absolute_links(readme.read_text(encoding="utf-8"), galaxy["repository"], galaxy["version"])
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
