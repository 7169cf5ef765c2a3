# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published output of Windows in many languages, in the code pages of such a Windows.

Only facts are taken: labels, widths and numbers of the lines that the parsers read. Where a source is a public note or
test whose repository is not known, it is described; "constructed" lines follow the layout of the one named. Each tool
has a file of its own, test_languages_*.py.
"""

from __future__ import annotations

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import (
    Transcript,
    split_transcript,
)

OF_EVERY_HOST = ("utf-8", "utf-8-sig", "utf-16")
"""With a mark where there is one: a redirected PowerShell writes UTF-16, `chcp 65001` gives UTF-8."""
LINE_ENDS = ("\n", "\r\n", "\r\r\n")


def texts(body: str, codecs: str) -> list[str]:
    """Return what the parser sees of a body in these code pages, with every line end, and commands repeated."""
    seen = []
    for codec in (*codecs.split(), *OF_EVERY_HOST):
        for line_end in LINE_ENDS:
            lines = [
                "C:\\WINDOWS\\system32>echo off 1.2.345 4 5 ",
                "#portkeeper begin x",
                "C:\\Dokumente und Einstellungen\\a (7) >tool /x:1 2",
                body,
                "PS C:\\Users\\b> echo #portkeeper end x 0",
                "#portkeeper end x 0",
                "(.venv) PS F:\\>",
                "",
            ]
            found: Transcript = split_transcript("\n".join(lines).replace("\n", line_end).encode(codec, "replace"))
            assert found.problems == []
            seen.append(found.sections["x"].text)
    return seen
