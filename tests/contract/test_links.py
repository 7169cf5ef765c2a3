# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links inside the documentation lead to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from checkout import CHECKOUT, listed_files

PAGES = sorted(name for name in listed_files() if name.endswith(".md"))
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = ("http://", "https://", "mailto:")


@cache
def text_of(path: Path) -> str:
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """Of its headings, as GitHub and MyST make them: small letters, blanks become hyphens, other signs go."""
    titles = re.findall(r"^#+ +(.+?) *$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = CHECKOUT / name
    for link in LINK.findall(text_of(page)):
        if link.startswith(ELSEWHERE):
            continue
        target, _hash, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name}: {link}"
        assert not anchor or anchor in anchors(path), f"{name}: {link}"


def test_every_guide_is_linked_from_the_index() -> None:
    linked = Counter(link.partition("#")[0] for link in LINK.findall(text_of(CHECKOUT / "docs" / "index.md")))
    guides = {Path(name).name for name in PAGES if name.startswith("docs/")} - {"index.md"}
    assert guides - set(linked) == set()
