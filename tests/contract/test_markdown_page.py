# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of Markdown pages works, and so do the README's links on Galaxy."""

from __future__ import annotations

import pytest

from galaxy_links import LinkError, absolute_links
from markdown_page import MarkdownPage, code_spans, commands

PAGE = MarkdownPage(
    """\
# Ports of `dns.exe`

See [the plan](plan.md#risk) and `[no](link.md)`, ![picture](images/a.png).

~~~console
[no](link.md)
# no heading
~~~

## Problems

| id | meaning |
|---|---|
| `a`, `b` | one \\| two |
| `c` | [more](more.md) |

```bat
| no | row |
```

## Others

| id | meaning |
|---|---|
| `d` | |
"""
)


def test_links_are_those_that_a_reader_can_follow() -> None:
    assert [(link.target, link.is_image) for link in PAGE.links()] == [
        ("plan.md#risk", False),
        ("images/a.png", True),
        ("more.md", False),
    ]


def test_headings_and_code_blocks() -> None:
    assert PAGE.headings() == ["Ports of dns.exe", "Problems", "Others"]
    assert PAGE.blocks("console") == ["[no](link.md)\n# no heading\n"]
    assert [block.language for block in PAGE.all_blocks()] == ["console", "bat"]
    assert PAGE.blocks("bat", "Problems") == ["| no | row |\n"]
    assert PAGE.blocks("bat", "Others") == []


def test_all_code() -> None:
    assert list(PAGE.code())[:3] == ["dns.exe", "[no](link.md)", "[no](link.md)\n# no heading\n"]
    assert list(PAGE.code())[3:] == ["a", "b", "c", "| no | row |\n", "d"]


def test_commands_of_a_block() -> None:
    assert commands("one --x   # why\n\n# a remark\n  two\n") == ["one --x", "two"]


def test_rows_of_tables() -> None:
    assert PAGE.rows("Problems") == [["`a`, `b`", "one | two"], ["`c`", "[more](more.md)"]]
    assert PAGE.rows() == [*PAGE.rows("Problems"), ["`d`", ""]]
    assert code_spans("`a`, `b`") == ["a", "b"]


def test_links_of_the_readme_become_absolute() -> None:
    text = "See [a](docs/a.md#b), [c](https://c.example/) and [d](#d): ![e](e.png)\n\n```sh\n[f](f.md)\n```\n"
    assert absolute_links(text, "https://r", "1.0.0") == (
        "See [a](https://r/blob/1.0.0/docs/a.md#b), [c](https://c.example/) and [d](#d):"
        " ![e](https://r/raw/1.0.0/e.png)\n\n```sh\n[f](f.md)\n```\n"
    )


def test_a_link_that_cannot_be_rewritten_stops_the_build() -> None:
    with pytest.raises(LinkError, match=r"line 3: .*docs/a\.md"):
        absolute_links("# Title\n\nSee [a][b].\n\n[b]: docs/a.md\n", "https://r", "1.0.0")
