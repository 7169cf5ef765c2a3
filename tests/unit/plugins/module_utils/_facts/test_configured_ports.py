# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports that services keep in the registry stand in the list of service keys; a damaged line is never "absent"."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._contribute.anonymise import anonymise
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    SERVICES,
    facts_of,
    problem_ids,
    section,
)

INSTANCE = rf"{SERVICES}\ADAM_instance1"
LDAP = "    Port LDAP    REG_DWORD    0xc35a\n"
SSL = "    Port SSL    REG_DWORD    0xc35b\n"
BOTH = {"Port LDAP": 50010, "Port SSL": 50011}
TCPIP = f"{SERVICES}\\Tcpip\n    Start    REG_DWORD    0x1\n"
UNREADABLE = "configured_ports_unreadable"


def listing(values: str, key: str = rf"{INSTANCE}\Parameters") -> str:
    """Return the list of service keys as the collector prints it, with an instance of AD LDS and WDS."""
    return section(
        "service_starts",
        f"{INSTANCE}\n    Start    REG_DWORD    0x2\n{INSTANCE}\\Diagnostics\n{key}\n{values}"
        f"{INSTANCE}\\Performance\n{TCPIP}"
        f"{SERVICES}\\WDSServer\n    Start    REG_DWORD    0x2\n"
        f"{SERVICES}\\WDSServer\\Parameters\n    UdpStartPort    REG_DWORD    0xc350\n"
        "    UdpEndPort    REG_DWORD    0xc737\n    UdpPortPolicy    REG_DWORD    0x1\n"
        f"{SERVICES}\\WDSServer\\Providers\n{SERVICES}\\Other\n    UdpPorts    REG_SZ    Contoso\n",
    )


def instance(text: str) -> Any:
    """Return what is known of the instance's ports."""
    return facts_of(text)["configured_ports"].get("ADAM_instance1")


def test_ports_of_ad_lds_and_the_range_of_wds_are_read() -> None:
    facts = facts_of(listing(LDAP + SSL))
    assert facts["configured_ports"] == {
        "ADAM_instance1": BOTH,
        "WDSServer": {"UdpEndPort": 50999, "UdpPortPolicy": 1, "UdpStartPort": 50000},
    }
    assert UNREADABLE not in problem_ids(facts)


def test_a_listing_of_server_2003_and_a_registry_file_are_read_alike() -> None:
    tabs = (LDAP + SSL).replace("    REG_DWORD    ", "\tREG_DWORD\t")
    assert instance(listing(tabs)) == BOTH
    text = (
        "Windows Registry Editor Version 5.00\n\n"
        f'[{INSTANCE}]\n"Start"=dword:00000002\n[{INSTANCE}\\Parameters]\n"Port LDAP"=dword:0000c35a\n'
        f'"Port SSL"=dword:0000c35b\n[{SERVICES}\\Tcpip]\n"Start"=dword:00000001\n'
    )
    assert instance(section("service_starts", text)) == BOTH


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (LDAP + "    Port SSL    REG_SZ    50011\n", {"Port LDAP": 50010, "Port SSL": None}),
        (LDAP + "    Port SSL    REG_DWORD    0x1c35b\n", {"Port LDAP": 50010, "Port SSL": None}),
        (LDAP + "    Port SSL    REG_DWORD    ?\n", {"Port LDAP": 50010, "Port SSL": None}),
        (LDAP + "    Port SSL    REG_QWORD    0xc35b\n", {"Port LDAP": 50010, "Port SSL": None}),
        (LDAP + SSL + "    Port SSL    REG_DWORD    0xc35c\n", {"Port LDAP": 50010, "Port SSL": None}),
        (LDAP + "    Port\u200b SSL    REG_DWORD    0xc35b\n", {"Port LDAP": 50010, "Port SSL": None}),
        (LDAP + "    Port SSL\n    REG_DWORD    0xc35b\n", {"Port LDAP": 50010, "Port SSL": None}),
        (LDAP + rf"{INSTANCE}\Old" + "\n" + SSL, {"Port LDAP": 50010, "Port SSL": None}),
    ],
)
def test_a_port_that_cannot_be_read_is_null_and_a_problem(values: str, expected: dict[str, Any]) -> None:
    facts = facts_of(listing(values))
    assert facts["configured_ports"]["ADAM_instance1"] == expected
    assert UNREADABLE in problem_ids(facts)


def test_values_below_a_damaged_key_are_not_those_of_the_service() -> None:
    assert instance(listing(LDAP + SSL, rf"{INSTANCE}\Param eters")) == {"Port LDAP": None, "Port SSL": None}


def test_a_key_without_ports_is_no_evidence_of_any() -> None:
    facts = facts_of(listing(""))
    assert "ADAM_instance1" not in facts["configured_ports"]
    assert UNREADABLE not in problem_ids(facts)


def test_an_anonymous_transcript_keeps_the_ports_and_no_name() -> None:
    text = anonymise(listing(LDAP + SSL))
    assert "instance1" not in text and "Contoso" not in text
    facts = facts_of(text)
    assert BOTH in facts["configured_ports"].values()
    assert facts["configured_ports"]["WDSServer"]["UdpStartPort"] == 50000
