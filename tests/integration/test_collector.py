# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command line and a script file of the collector give the same transcript in a real cmd."""

from __future__ import annotations

from renderings import assert_same_host

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import echoed
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import (
    collector_line,
    collector_script,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS

RUN = "0123456789abcdef"


def test_both_renderings_give_the_same_transcript(lab_host) -> None:
    lines = collector_script(RUN)
    for start in range(0, len(lines), 15):
        chunk = "&".join(echoed(line) for line in lines[start : start + 15])
        lab_host.exec(f"({chunk}){'>>' if start else '>'}C:\\collect.cmd")
    ids, facts = assert_same_host(lab_host.exec(collector_line(RUN)), lab_host.exec("C:\\collect.cmd"))
    assert ids == {row.id for row in SECTIONS.values() if row.only != "nt6"}
    assert facts["problems"] == []
