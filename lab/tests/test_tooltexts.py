# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that a program needs exists, and every tool cites its sources."""

from __future__ import annotations

import re
import tomllib

import pytest

from portkeeper_lab import tooltexts

CSRC = tooltexts.LAB / "csrc"
PROGRAMS = tomllib.loads((CSRC / "programs.toml").read_text(encoding="utf-8"))
RELEASES = [path.name.split("-", 1) for path in sorted(tooltexts.FORMATS.iterdir())]
TOOLS = [(release, language, tool) for release, language in RELEASES for tool in tooltexts.load_tools(release)]
ASKED = re.compile(
    r'text_write\((?:TO_STDOUT|TO_STDERR|stream), L"([^"]+)"|text_find\(L"([^"]+)"\)|text_number\(L"([^"]+)"'
)


def keys(text: str) -> list[str]:
    return re.findall(r"^@@ (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize(("release", "language", "tool"), TOOLS)
def test_every_text_is_there(release, language, tool):
    rendered = keys(tooltexts.render(release, language, tool))
    assert len(rendered) == len(set(rendered))
    shared = {"text.c", "rights.c", "output.c", "registry.c", "draw.c"}
    sources = [CSRC / name for name in PROGRAMS[tool]["sources"] if name not in shared]
    asked = {next(filter(None, groups)) for source in sources for groups in ASKED.findall(source.read_text("utf-8"))}
    assert asked <= set(rendered)
    assert "usage" in rendered


@pytest.mark.parametrize(("release", "language", "tool"), TOOLS)
def test_sources_are_cited(release, language, tool):
    head = tooltexts.text_file(release, language, tool).read_text(encoding="utf-8").split("@@", 1)[0]
    assert "Microsoft" in head or "stackoverflow" in head or "constructed" in head
    assert tooltexts.load_tools(release)[tool]["source"]


@pytest.mark.parametrize(("release", "language", "tool"), TOOLS)
def test_texts_of_another_release_are_sourced_or_assumed(release, language, tool):
    row = tooltexts.load_tools(release)[tool]
    assert "texts" not in row or "; texts: " in row["source"]


def test_unknown_release_and_tool():
    with pytest.raises(tooltexts.ToolTextError):
        tooltexts.load_tools("os2")
    with pytest.raises(tooltexts.ToolTextError):
        tooltexts.render("nt5", "en", "wevtutil")


def test_install_names_the_programs(tmp_path):
    tools = tooltexts.install("nt5", "en", tmp_path / "formats")
    assert set(tools) == {path.name for path in (tmp_path / "formats").iterdir()}
    assert set(tools) <= set(PROGRAMS)
