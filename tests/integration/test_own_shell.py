# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection works with a customised command processor, and with the `type` of Windows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import unlock_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import ChangeId, prepare_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.collect import collect_script
from portkeeper_lab.control import ask_once
from portkeeper_lab.windows_type import PROGRAM, with_windows_type

RUN = "0123456789abcdef"
TICKET = ChangeId(RUN, f"1764000000-{RUN}", f"20261123T160000Z-{RUN}")
SHELL = r'"HKCU\Software\Microsoft\Command Processor"'
TOOLS_OF_LATER_RELEASES = ("reg", "sc", "tasklist")
FALLBACK = re.compile(r'^\(for /f "usebackq delims=" %%l in .*$', re.MULTILINE)
"""What collect.cmd does where `type` does not convert."""


@pytest.fixture(scope="module")
def host(make_host):
    return make_host("sbs2003-account")


def drive_c(host) -> Path:
    return Path(ask_once(host.name, {"op": "info"})["prefix"]) / "drive_c"


def test_the_account_is_set_up_in_its_own_way(host) -> None:
    assert "PROMPT=$D$G" in host.exec("set PROMPT").split()
    assert host.exec("echo x").split() == ["autorun", "x"]
    assert host.exec("set late=1&echo !late!").split() == ["autorun", "1"]
    shown = host.exec(f"reg query {SHELL}")
    assert "AutoRun" in shown and "DelayedExpansion" in shown


def test_collect_cmd_reads_what_type_has_converted(host) -> None:
    """Without reg.exe; a script without the other branch tells the same. In a script `type` is Wine's.

    The host has no record of the collection yet: the other branch loses empty lines, which prove that a record was read
    whole.
    """
    text = "".join(f"{line}\r\n" for line in collect_script(RUN))
    carry, system32 = drive_c(host) / "carry", drive_c(host) / "windows" / "system32"
    carry.mkdir()
    for tool in TOOLS_OF_LATER_RELEASES:
        (system32 / f"{tool}.exe").rename(system32 / f"{tool}.hidden")
    facts = []
    for changed in (text, FALLBACK.sub("exit /b 1", with_windows_type(text))):
        (carry / "collect.cmd").write_bytes(changed.encode("ascii"))
        host.exec(r"C:\carry\collect.cmd /q")
        facts.append({**parse_transcript((carry / "SBS2003.txt").read_bytes()), "collected": None})
    for tool in TOOLS_OF_LATER_RELEASES:
        (system32 / f"{tool}.hidden").rename(system32 / f"{tool}.exe")
    assert FALLBACK.search(text) and facts[0] == facts[1]
    assert facts[1]["settings"]["reserved_ports"]["data"] == ["3343-3343"]


def test_the_export_is_read_as_windows_shows_it(host) -> None:
    """Everywhere else in the lab the bytes of the file come as they are, in UTF-16."""
    line = prepare_line(TICKET, ["reserved_ports"])
    assert PROGRAM in with_windows_type(line)
    shown = host.exec(line)
    host.exec(unlock_line(RUN, TICKET.lock))
    assert "Windows Registry Editor" in shown and "\0" not in shown


def test_a_host_with_a_prompt_of_its_own_does_everything_that_others_do(host, controller) -> None:
    options = {"profiles": ["sbs2003"]}
    foreseen = controller.module(host, "port_reservations", "--check", "--diff", **options)
    assert foreseen["changed"] is True and foreseen.get("failed", False) is False, foreseen["msg"]
    done = controller.module(host, "port_reservations", "--diff", **options)
    assert done["changed"] is True and done.get("failed", False) is False, done["msg"]
    assert done["after"] == foreseen["after"]
    assert done["diff"] == foreseen["diff"]
    (kept,) = json.loads(Path(done["backup"]["path"]).read_text(encoding="utf-8"))["settings"]
    assert bytes.fromhex(kept["hex"]).decode("utf-16-le") == "3343-3343\0\0"
    again = controller.module(host, "port_reservations", **options)
    assert again.get("failed", False) is False, again["msg"]
    assert again["plan"]["settings"] == [] and again["backup"] is None, "what is due is a window and a reboot"
    assert again["before"] == again["after"]
    back = controller.module(host, "port_rollback")
    assert back["changed"] is True and back.get("failed", False) is False, back["msg"]
