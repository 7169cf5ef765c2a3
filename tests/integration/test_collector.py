# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector's two renderings, run by a real cmd: a command line and a script file give the same transcript."""

from __future__ import annotations

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch import (
    COLLECTOR,
    collector_line,
    collector_script,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_text import echoed
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._transcript import split_transcript

RUN = "0123456789abcdef"
VOLATILE = {"clock", "tasklist", "netstat"}
"""The time, the processes that do the collecting, and what a command line packs: the facts tell that it is the same."""


def test_both_renderings_give_the_same_transcript(lab_host) -> None:
    lines = collector_script(RUN)
    for start in range(0, len(lines), 15):
        chunk = "&".join(echoed(line) for line in lines[start : start + 15])
        lab_host.exec(f"({chunk}){'>>' if start else '>'}C:\\collect.cmd")
    texts = (lab_host.exec(collector_line(RUN)), lab_host.exec("C:\\collect.cmd"))
    by_line, by_script = (split_transcript(text) for text in texts)
    assert by_line.problems == by_script.problems == []
    expected = {row.id for row in COLLECTOR if row.only != "nt6"}
    assert by_line.sections.keys() == by_script.sections.keys() == expected
    for name in expected - VOLATILE:
        assert by_line.sections[name] == by_script.sections[name], name
    facts = [parse_transcript(text) for text in texts]
    for each in facts:
        del each["collected"]
    assert facts[0] == facts[1]
    assert facts[0]["problems"] == []
