# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine id is read, is missing if it was not read, and is replaced if it was copied."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import BatchError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.machine_id import (
    cloned_from,
    id_commands,
    needs_id,
    recorded_id,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import facts
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import sbs2003_with

ID = "00112233445566778899aabbccddeeff"
OWN = r"HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper"
NONE = {"id": None, "recorded_name": None}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f"{OWN}\n    machine_id\tREG_SZ\t{ID}\n    computer_name\tREG_SZ\tSBS01\n",
            {"id": ID, "recorded_name": "SBS01"},
        ),
        (f"{OWN}\n    machine_id    REG_SZ    {ID.upper()}\n", {"id": ID, "recorded_name": None}),
        (f"{OWN}\n    machine_id    REG_SZ    {ID[:-1]}\n", NONE),
        (f"{OWN}\n    machine_id    REG_DWORD    0x1\n", NONE),
        (f"{OWN}\n    machine_id    REG_SZ    {ID}\n    machine_id    REG_SZ    {ID[::-1]}\n", NONE),
        (f"{OWN}\\state\n    machine_id    REG_SZ    {ID}\n", NONE),
        (f"{OWN}\\state\\reserved_ports\n    value    REG_SZ    1-1\n", NONE),
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\n", NONE),
        ("", NONE),
    ],
)
def test_the_id_is_read_from_our_own_key_only(body: str, expected: dict[str, str | None]) -> None:
    assert sbs2003_with("state", body)["machine"] == expected


@pytest.mark.parametrize(
    ("recorded", "now", "cloned"),
    [
        ("SBS01", "SBS01", False),
        ("sbs01", "SBS01", False),
        ("OLD", "SBS01", True),
        (None, "SBS01", False),
        ("OLD", None, False),
        ("S?RVER", "S\u00c4RVER", False),
        ("SERVER", "S\u00c4RVER", False),
    ],
)
def test_another_computer_name_means_a_copy_if_both_can_be_compared(
    recorded: str | None, now: str | None, cloned: bool
) -> None:
    made = facts(machine={"id": ID, "recorded_name": recorded}, computer_name=now, state={"present": True})
    assert (cloned_from(made) is not None) is cloned
    assert needs_id(made) is cloned
    told = [
        problem["severity"]
        for problem in make_plan(made, Policy.from_options({}))["problems"]
        if problem["id"] == "machine_cloned"
    ]
    assert told == (["warning"] if cloned else [])


def test_a_key_that_could_not_be_read_gets_no_id() -> None:
    unread = facts(state={"present": None})
    assert (recorded_id(unread), needs_id(unread)) == (None, False)
    assert needs_id(facts())
    assert not needs_id({})


@pytest.mark.parametrize("text", ["", ID[:-1], ID.upper(), f"{ID[:-1]}&", f"{ID}\n"])
def test_nothing_but_an_id_gets_into_a_command(text: str) -> None:
    with pytest.raises(BatchError):
        id_commands(text)
