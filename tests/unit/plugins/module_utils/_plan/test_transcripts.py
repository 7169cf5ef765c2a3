# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts from public reports on the whole way, from the text of their tools to the plan."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    LANGUAGES,
    SERVICES_KEY,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _services as sc_query,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _sockets as netstat,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.whole_hosts import (
    DNS_PID,
    Host,
    host,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import service
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import auto_plan
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import facts_of, sbs2003

SAGE = "SageAdvantageSvc"
START = "    Start    REG_DWORD    0x2\n"
DELAYED = "    DelayedAutostart    REG_DWORD    0x1\n"
STARTS = {
    "automatic": START,
    "delayed": f"{START}{DELAYED}",
    "delayed, the other way round": f"{DELAYED}{START}",
    "triggered": f"{START}{SERVICES_KEY}\\{SAGE}\\TriggerInfo\n{SERVICES_KEY}\\{SAGE}\\TriggerInfo\\0\n",
    "delayed and triggered": f"{DELAYED}{START}{SERVICES_KEY}\\{SAGE}\\TriggerInfo\n",
}
PROBLEMS = ("service_failed_for_port", "service_not_running")


def server_2019(start: str) -> Host:
    """Return a Server 2019 with DNS, and a service of another vendor that failed for its port.

    Args:
        start: what the registry holds in the key of that service.
    """
    english = LANGUAGES[0]
    made = host("2019", english, "utf-8", random.Random(2019), 1)
    services = {"DNS": service(pid=DNS_PID), SAGE: service(state=1, pid=0, exit_code=10048)}
    keys = {"DNS": START, SAGE: start, "Tcpip": "    Start    REG_DWORD    0x0\n"}
    sockets = [("0.0.0.0", 53, DNS_PID, False), ("0.0.0.0", 50123, DNS_PID, False), ("0.0.0.0", 123, 892, False)]
    made.sections["services"] = (sc_query(english, services), 0)
    made.sections["service_starts"] = ("".join(f"{SERVICES_KEY}\\{name}\n{text}" for name, text in keys.items()), 0)
    made.sections["netstat"] = (netstat(english, sockets), 0)
    made.sections["dns_dependents"] = ("Enum: entriesRead = 0\n", 0)
    return made


@pytest.mark.parametrize("start", STARTS)
def test_an_unknown_service_on_2019_that_failed_for_its_port_is_down(start: str) -> None:
    found = facts_of(server_2019(STARTS[start]).transcript())
    assert {name: found["services"][SAGE][name] for name in ("state", "start", "win32_exit_code", "trigger_start")} == {
        "state": 1,
        "start": 2,
        "win32_exit_code": 10048,
        "trigger_start": "triggered" in start,
    }
    planned = auto_plan(found)
    (problem,) = [problem for problem in planned["problems"] if problem["id"] in PROBLEMS]
    assert (problem["severity"], problem["data"]["service"]) == ("warning", SAGE)
    assert planned["status"] == "service_down"


POWERCHUTE = """\
SERVICE_NAME: PCNS1
DISPLAY_NAME: PowerChute Network Shutdown
        TYPE               : 10  WIN32_OWN_PROCESS\x20
        STATE              : 1  STOPPED\x20
                                (NOT_STOPPABLE,NOT_PAUSABLE,IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 1066\t(0x42a)
        SERVICE_EXIT_CODE  : 10048\t(0x2740)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
        PID                : 0
        FLAGS              :\x20

"""


def powerchute(held: bool) -> dict[str, Any]:
    """Return the facts of the SBS 2003 with PowerChute, which ends with a code of its own."""
    text = sbs2003().replace("SERVICE_NAME: PolicyAgent\n", f"{POWERCHUTE}SERVICE_NAME: PolicyAgent\n")
    key = f"{SERVICES_KEY}\\PolicyAgent\n"
    text = text.replace(key, f"{SERVICES_KEY}\\PCNS1\n    Start\tREG_DWORD\t0x2\n{key}")
    row = "  UDP    0.0.0.0:1030           *:*                                1508\n"
    assert row in text
    return facts_of(text.replace(row, f"{row}{row.replace('1030', '3052')}") if held else text)


def test_powerchute_on_sbs_2003_with_dns_on_its_port_is_a_conflict() -> None:
    found = powerchute(held=True)
    assert found["services"]["PCNS1"]["win32_exit_code"] == 10048
    planned = auto_plan(found)
    conflict = {"port": 3052, "service": "PCNS1", "holder": "dns.exe", "pid": 1508, "error": 10048}
    assert conflict in planned["live_conflicts"]
    assert planned["status"] == "conflict"
    (reserved,) = [row["after"] for row in planned["settings"] if row["id"] == "reserved_ports"]
    assert "3052-3052" in reserved


def test_powerchute_on_sbs_2003_with_its_port_free_is_named_with_what_silences_it() -> None:
    planned = auto_plan(powerchute(held=False), ignore_services=["IAS", "PolicyAgent"])
    assert planned["live_conflicts"] == []
    messages = {row["data"]["service"]: row["message"] for row in planned["problems"] if row["id"] in PROBLEMS}
    assert list(messages) == ["PCNS1"]
    assert "error 10048" in messages["PCNS1"]
    assert "ignore_services" in messages["PCNS1"]
    assert "accepted_risks" in messages["PCNS1"]
    assert planned["status"] == "service_down"


def with_programs(text: str, old: bool) -> str:
    """Return the transcript as if netstat had been called as ``netstat -abno``: TCP rows, and names between all rows.

    Args:
        text: a transcript.
        old: whether the names are those of XP and 2003, which list all components.
    """
    begin = text.index("begin netstat\n")
    end = text.index("#portkeeper", begin)
    return text[:begin] + "\n".join(_named(text[begin:end].split("\n"), old)) + text[end:]


def _named(rows: list[str], old: bool) -> Iterator[str]:
    for row in rows:
        yield row
        if "Proto" in row:
            yield "  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       892"
            yield "  c:\\windows\\system32\\WS2_32.dll\n  -- unknown component(s) --" if old else "  RpcSs"
            yield " [svchost.exe]"
        if not row.startswith("  UDP"):
            continue
        pid = row.split()[-1]
        if pid == "4":
            yield " Can not obtain ownership information"
            continue
        if old:
            yield "  C:\\WINDOWS\\system32\\WS2_32.dll\n  C:\\WINDOWS\\system32\\dns.exe\n  -- unknown component(s) --"
        elif pid == "892":
            yield "  W32Time"
        yield " [dns.exe]" if pid == "1508" else " [svchost.exe]"


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("text", [sbs2003(), server_2019(START).text()], ids=["sbs2003", "2019"])
def test_the_output_of_netstat_abno_gives_the_same_plan(text: str, old: bool) -> None:
    named = with_programs(text, old)
    assert " [dns.exe]\n" in named
    plain, found = facts_of(text), facts_of(named)
    assert {**found, "problems": None} == {**plain, "problems": None}
    planned, wanted = auto_plan(found), auto_plan(plain)
    assert (planned["needs"], planned["status"]) == (wanted["needs"], wanted["status"])
    assert planned == wanted
