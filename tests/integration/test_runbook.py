# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/ipsec_does_not_come_up.md work at the console of a blocked host."""

from __future__ import annotations

import re

from checkout import CHECKOUT
from markdown_page import MarkdownPage
from portkeeper_lab.control import ask_once

PAGE = MarkdownPage.read(CHECKOUT / "docs" / "ipsec_does_not_come_up.md")
CURE, DIAGNOSIS = (block.splitlines() for block in PAGE.blocks("bat"))


def test_the_commands_name_the_culprit_and_bring_the_server_back(make_host) -> None:
    host = make_host("sbs2003-block")
    assert ask_once(host.name, {"op": "info"})["state"] == "blocked"
    assert re.search(r"WIN32_EXIT_CODE\s*: 10048", host.exec("sc query PolicyAgent"))
    netstat, tasklist = DIAGNOSIS
    (row,) = host.exec(netstat).strip().splitlines()
    assert "dns.exe" in host.exec(re.sub(r"\d+", row.split()[-1], tasklist)).lower()
    for line in CURE:
        host.exec(line, check=False)
    assert host.becomes("up")
    assert "dns.exe" not in host.exec(re.sub(r"\d+", host.exec(netstat).split()[-1], tasklist)).lower()
