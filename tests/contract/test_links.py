# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links in the documentation lead to existing files and headings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from checkout import CHECKOUT, listed_files
from markdown_page import MarkdownPage

PAGES = sorted(name for name in listed_files() if name.endswith(".md"))
ELSEWHERE = ("http://", "https://", "mailto:")


@cache
def page_at(path: Path) -> MarkdownPage:
    return MarkdownPage.read(path)


def anchors(path: Path) -> set[str]:
    """Of its headings, as GitHub and MyST make them: small letters, spaces become hyphens, other signs go."""
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in page_at(path).headings()}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = CHECKOUT / name
    for link in (link.target for link in page_at(page).links()):
        if link.startswith(ELSEWHERE):
            continue
        target, _hash, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name}: {link}"
        assert not anchor or anchor in anchors(path), f"{name}: {link}"


def test_every_guide_is_linked_from_the_index() -> None:
    linked = {link.target.partition("#")[0] for link in page_at(CHECKOUT / "docs" / "index.md").links()}
    guides = {Path(name).name for name in PAGES if name.startswith("docs/")} - {"index.md"}
    assert guides - linked == set()
