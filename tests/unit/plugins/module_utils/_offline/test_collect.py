# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""collect.cmd is rendered."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import ALPHABET, BatchError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import collector_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.collect import collect_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.readme import readme
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS

RUN = "0123456789abcdef"


@given(st.from_regex(r"[0-9a-f]{16}", fullmatch=True))
def test_limits_of_windows_2000(run: str) -> None:
    lines = collect_script(run)
    assert max(map(len, lines)) <= 2047
    assert all(set(line) <= ALPHABET for line in lines)


@pytest.mark.parametrize("run", ["", "0123456789ABCDEF", "0123456789abcde&", "0123456789abcdef0"])
def test_only_a_nonce_gets_in(run: str) -> None:
    with pytest.raises(BatchError):
        collect_script(run)


def test_nothing_is_written_to_the_registry_or_the_services() -> None:
    words = {word.lower() for line in collect_script(RUN) for word in line.replace("(", " ").split()}
    assert words.isdisjoint({"add", "delete", "import", "/s.", "stop", "start", "create", "config", "shutdown"})


def test_without_reg_no_whole_key_with_secrets_is_exported() -> None:
    keys = [export.key for row in SECTIONS.values() for export in row.exports or ()]
    assert not [key for key in keys if key.endswith(r"\Windows NT\CurrentVersion")]


def test_every_section_that_reads_the_registry_has_a_stand_in() -> None:
    reading = {row.id for row in SECTIONS.values() if "reg.exe query" in row.command and row.only != "nt6"}
    assert reading == {row.id for row in SECTIONS.values() if row.exports is not None}
    script = "\n".join(collect_script(RUN)).partition("\n:bare\n")[2]
    assert "reg.exe query" not in script
    for row in SECTIONS.values():
        assert script.count(f" begin {row.id}\n") == (row.only != "nt6")


def test_who_is_told_to_run_it_in_a_script_is_told_to_call_it() -> None:
    """Without `call`, cmd does not return to the calling script, and the exit code is lost behind `||`."""
    text = "\n".join(readme("acme"))
    assert "call collect.cmd /q" in text
    assert not re.search(r"(?<!call )collect\.cmd /q", text)


def test_services_are_listed_once_more_with_a_buffer_that_every_release_takes() -> None:
    """XP before SP2 and 2003 before SP1 refuse more than 64 KB. They have no WinRM."""
    listing = "sc.exe queryex type= service state= all bufsize="
    lines = [line for line in collect_script(RUN) if listing in line]
    assert lines == [f"({listing} 250000||{listing} 65000)<nul 2>nul"] * 2, "with reg.exe, and without"
    assert f"{listing} 250000&" in collector_line(RUN)
