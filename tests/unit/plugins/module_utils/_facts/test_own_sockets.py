# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of a running service show its port only where nothing about them is in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._contribute.anonymise import anonymise
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import facts_of, sbs2003

PORT = "61184-61184"
SHOWN = {"ports": [PORT], "doubtful": []}
DOUBTFUL = {"ports": [], "doubtful": [PORT]}
ANY_PORT = {"ports": [], "doubtful": None}
ROW = "  UDP    0.0.0.0:61184          *:*                                1856\n"
_BLOCK = "SERVICE_NAME: Netbird\n"


def host(row: str = ROW, service: str = "Netbird") -> str:
    """Return the transcript of the SBS 2003 host with a service of its own process, PID 1856, that holds a socket."""
    text = sbs2003().replace("SQLBrowser", service)
    line = next(line for line in text.splitlines(keepends=True) if ":1434 " in line)
    return text.replace(line, row)


def changed(old: str, new: str, row: str = ROW) -> str:
    """Return the host with a change in the service manager's block of the service."""
    front, block, rest = host(row).partition(_BLOCK)
    assert old in rest
    return front + block + rest.replace(old, new, 1)


def own(text: str, **options: Any) -> Any:
    """Return what is known of the service's sockets."""
    return facts_of(text, **options)["own_sockets"].get("Netbird")


def test_a_socket_of_a_process_of_its_own_shows_the_port() -> None:
    assert facts_of(host())["own_sockets"] == {"Netbird": SHOWN}
    assert own(changed("10  WIN32_OWN_PROCESS", "110  WIN32_OWN_PROCESS (interactive)")) == SHOWN
    assert own(host("  UDP    [::]:61184    *:*    1856\n")) == SHOWN


@pytest.mark.parametrize(
    "row",
    [
        "",
        "  UDP    127.0.0.1:61184     *:*                   1856\n",
        "  UDP    192.168.16.2:61184  *:*                   1856\n",
        "  UDP    [::1]:61184         *:*                   1856\n",
        "  UDP    [fe80::1%4]:61184   *:*                   1856\n",
        "  UDP    0.0.0.0:61184       203.0.113.5:4000      1856\n",
        "  UDP    0.0.0.0:61184       *:*                   1857\n",
        "  UDP    0.0.0.0:61184       *:*                   4\n",
    ],
)
def test_a_socket_of_one_address_or_connected_or_of_another_process_shows_nothing(row: str) -> None:
    assert own(host(row)) is None


@pytest.mark.parametrize("kind", ["20  WIN32_SHARE_PROCESS", "30  WIN32", "120  WIN32_SHARE_PROCESS (interactive)"])
def test_a_process_that_may_be_shared_shows_nothing(kind: str) -> None:
    assert own(changed("10  WIN32_OWN_PROCESS", kind)) is None


def test_a_process_in_which_another_service_runs_shows_nothing() -> None:
    assert own(host().replace("PID                : 1748", "PID                : 1856")) is None


def test_a_service_that_does_not_run_shows_nothing() -> None:
    assert own(changed("4  RUNNING", "3  STOP_PENDING")) is None


def test_only_services_whose_port_is_a_setting_that_is_not_read_are_looked_at() -> None:
    assert facts_of(sbs2003())["own_sockets"] == {}
    found = facts_of(host(service="Agent"), extra_services=["AGENT", "DNS", "MSMQ"])["own_sockets"]
    assert found == {"Agent": SHOWN, "MSMQ": {"ports": ["1801-1801", "3527-3527"], "doubtful": []}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (changed("10  WIN32_OWN_PROCESS", "1  KERNEL"), DOUBTFUL),
        (changed(": 1856", ": 0"), ANY_PORT),
        (host().replace("SERVICE_NAME: W32Time\n", "SERVICE_NAME: W32Time\nW32Time\n"), DOUBTFUL),
        (host().replace("#portkeeper end services 0", "#portkeeper end services 1"), DOUBTFUL),
        (host(ROW.replace("1856", "")), DOUBTFUL),
        (host(ROW.replace("1856", "1856 x")), DOUBTFUL),
        (host(f"{ROW}{ROW.replace('1856', '')}"), SHOWN),
        (host("?").partition("#portkeeper begin netstat")[0], ANY_PORT),
    ],
)
def test_what_was_not_read_leaves_the_port_in_doubt(text: str, expected: Any) -> None:
    assert own(text) == expected


def test_a_list_without_processes_leaves_every_port_in_doubt() -> None:
    front, begin, rest = host().partition("#portkeeper begin netstat\n")
    rows, end, rest = rest.partition("#portkeeper end netstat")
    without = "".join(f"{line.rpartition('*:*')[0]}*:*\n" for line in rows.splitlines() if "*:*" in line)
    assert own(front + begin + without + end + rest) == ANY_PORT


def test_a_block_without_its_type_is_a_service_that_could_not_be_read() -> None:
    facts = facts_of(changed("        TYPE               : 10  WIN32_OWN_PROCESS \n", ""))
    assert "Netbird" not in facts["own_sockets"]
    assert "error" in [row["severity"] for row in facts["problems"] if row["id"] == "service_blocks_unreadable"]


def test_two_blocks_that_differ_in_their_type_are_none() -> None:
    block = host().partition(_BLOCK)[2].partition("\n\n")[0]
    twice = f"{_BLOCK}{block}\n\n{_BLOCK}{block.replace('10  WIN32_OWN', '20  WIN32_SHARE')}\n\n"
    facts = facts_of(host().replace(f"{_BLOCK}{block}\n\n", twice))
    assert "Netbird" not in facts["own_sockets"]
    assert "service_blocks_unreadable" in [row["id"] for row in facts["problems"]]


def test_an_anonymous_transcript_keeps_the_type() -> None:
    assert own(anonymise(host())) == SHOWN
