# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No name survives, and the facts stay the same except for the names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue.sbs2003 import CATALOGUE
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._contribute import anonymise as anonymising
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._contribute.anonymise import anonymise
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import TranscriptError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import NETSH, SETTINGS
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    ANY_LANGUAGE,
    HOSTS,
    Language,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _transcript as transcript_of,
)

CAPTURE = Path(__file__).resolve().parents[3] / "captures" / "transcript-sbs2003.txt"
KEPT = {
    *anonymising._COMMON,
    *(word for row in SECTIONS.values() for word in row.words | row.values | row.setting_values),
    *SETTINGS,
    *NETSH,
    *(part.lower() for row in CATALOGUE for key in row.service_keys + row.requires for part in re.split(r"\W+", key)),
    *SECTIONS,
    *"reg exe begin end transcript".split(),
}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAMES = st.text(LETTERS + "0123456789_éßжщ表名", min_size=3, max_size=14)


def is_a_name(word: str) -> bool:
    """Return whether it can be told from what Windows prints: docs/acceptance.md says which names cannot."""
    number = re.fullmatch(r"(?i)[0-9]+|0x[0-9a-f]+|(?:kb|q)[0-9]{6,7}|v[0-9]{1,2}", word)
    return (
        not number
        and word.lower() not in KEPT
        and not re.match("(?i)reg_|hkey_|blackberry|admpwd|adam_|mssql|wireguard", word)
    )


def words_of(text: str) -> set[str]:
    return set(re.split(r"[^\w]+", text.lower()))


def section(name: str, body: str, level: int = 0) -> str:
    return f"#portkeeper begin {name}\n{body}\n#portkeeper end {name} {level}\n"


def service(name: str, display: str, pid: int) -> str:
    return (
        f"\nSERVICE_NAME: {name}\nDISPLAY_NAME: {display}\n        TYPE               : 10  WIN32_OWN_PROCESS\n"
        "        STATE              : 4  RUNNING\n        WIN32_EXIT_CODE    : 0  (0x0)\n"
        "        SERVICE_EXIT_CODE  : 0  (0x0)\n        CHECKPOINT : 0x0\n        WAIT_HINT : 0x0\n"
        f"        PID : {pid}\n"
    )


def transcript(host: str, domain: str, instance: str, own: str, image: str) -> str:
    """Return a host that names itself, its domain, an instance, a service and a program wherever hosts do."""
    hklm = "HKEY_LOCAL_MACHINE"
    control = rf"{hklm}\SYSTEM\CurrentControlSet"
    return "".join(
        (
            section("computer_name", host),
            section("ver", "Microsoft Windows [Version 6.1.7601]"),
            section(
                "current_version",
                rf"{hklm}\SOFTWARE\Microsoft\Windows NT\CurrentVersion" + "\n    ProductId    REG_SZ    55041-507-9843"
                f"176-84002\n    RegisteredOwner    REG_SZ    {own}\n    RegisteredOrganization    REG_SZ    {domain}",
            ),
            section(
                "tcpip",
                rf"{control}\Services\Tcpip\Parameters" + f"\n    Hostname    REG_SZ    {host}\n    Domain    "
                f"REG_SZ    {domain}.example\n    {own}    REG_SZ    {image} and {host}\n"
                "    MaxUserPort    REG_DWORD    0xfffe",
            ),
            section(
                "services",
                service("DNS", f"DNS of {domain}", 1500)
                + service(f"MSSQL${instance}", f"SQL ({instance})", 1600)
                + service(own, f"{own} for {host}: {domain}", 1700),
            ),
            section(
                "service_starts",
                "\n".join(
                    rf"{control}\Services\{name}" + "\n    Start    REG_DWORD    0x2"
                    for name in ("DNS", f"MSSQL${instance}", own, "Tcpip")
                ),
            ),
            section("dns_dependents", service(own, domain, 1700)),
            section("tasklist", f'"dns.exe","1500"\n"{image}.exe","1700","{host}\\{own}"'),
            section(
                "netstat",
                "  UDP    10.11.12.13:1434   *:*    1700\n  UDP    10.11.12.13:500   172.16.5.6:500    1700\n"
                "  UDP    [fe80::aaaa:bbbb%12]:4500   *:*    1700\n  UDP    0.0.0.0:53   *:*   1500\n"
                "packed 10.11.12.14:1645,*:*,1700 10.11.12.13:1812,172.16.5.6:500,1700\n"
                "packed [fe80::aaaa:bbbc%12]:69,*:*,1700",
            ),
            section("state", "\n".join(rf"{hklm}\SOFTWARE{key}" for key in ("", f"\\{domain}", r"\Secure")), 0),
            section("notes", f"{host} {domain}"),
        )
    )


class Renaming:
    """Compares two trees; texts may differ by one consistent renaming of words."""

    def __init__(self) -> None:
        self.stands: dict[str, str] = {}

    def same(self, old: Any, new: Any) -> bool:
        if isinstance(old, dict):
            pairs = list(zip(self._in_order(old, new), self._in_order(new, old), strict=True))
            return all(self.same(key, other) and self.same(old[key], new[other]) for key, other in pairs)
        if isinstance(old, list):
            return len(old) == len(new) and all(map(self.same, old, new))
        if isinstance(old, str):
            return old == new or self.stands.setdefault(old.lower(), new) == new
        return bool(old == new)

    @staticmethod
    def _in_order(tree: dict[str, Any], other: dict[str, Any]) -> list[str]:
        """Return the keys: first those that both have, then the others by what is behind them."""
        own = [key for key in tree if key not in other]
        return sorted(tree.keys() & other.keys()) + sorted(own, key=lambda key: json.dumps(tree[key], sort_keys=True))

    def is_one_to_one(self) -> bool:
        return len(set(self.stands.values())) == len(self.stands)


def ordered(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts whose endpoints are in an order that does not depend on the addresses that are replaced."""

    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        fixed = row["address"] if row["address"] in {"0.0.0.0", "127.0.0.1", "::", "::1"} else ""
        return row["port"], row["pid"], row["connected"], ":" in row["address"], fixed

    return {**facts, "udp_endpoints": sorted(facts["udp_endpoints"] or [], key=place)}


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, min_size=5, max_size=5, unique_by=str.lower))
def test_no_name_survives_and_the_facts_are_the_same_but_for_them(names: list[str]) -> None:
    assume(all(is_a_name(name) for name in names))
    text = transcript(*names)
    anonymous = anonymise(text)
    assert words_of(anonymous) & {name.lower() for name in names} == set()
    for number in ("10.11.12.13", "172.16.5.6", "fe80::aaaa", "9843176", "55041"):
        assert number not in anonymous
    renaming = Renaming()
    assert renaming.same(ordered(parse_transcript(text)), ordered(parse_transcript(anonymous)))
    assert renaming.is_one_to_one()


def test_the_capture_keeps_everything_but_names() -> None:
    data = CAPTURE.read_bytes()
    anonymous = anonymise(data)
    before, after = parse_transcript(data), parse_transcript(anonymous)
    different = {key for key in before if before[key] != after[key]}
    assert different == {"computer_name", "collected", "services", "udp_endpoints"}
    renaming = Renaming()
    assert renaming.same(ordered(before), ordered(after))
    assert renaming.is_one_to_one()
    assert {"DNS", "IAS", "PolicyAgent", "RemoteAccess"} <= set(after["services"])
    for name in ("SBSERVER", "smallbusiness", "192.168.16.2", "C0A810", "SBSMONITORING", "Router"):
        assert name.lower() in data.decode().lower()
        assert name.lower() not in anonymous.lower()


@settings(max_examples=40, deadline=None)
@given(HOSTS, ANY_LANGUAGE, st.sampled_from(["\n", "\r\n"]))
def test_the_facts_are_the_same_in_every_language(host: dict[str, Any], language: Language, line_end: str) -> None:
    data = transcript_of(host, language, line_end, 1)
    renaming = Renaming()
    assert renaming.same(ordered(parse_transcript(data)), ordered(parse_transcript(anonymise(data))))


def test_the_same_name_has_the_same_stand_in_in_any_case() -> None:
    text = transcript("Quorum", "qdomain", "qinst", "QService", "qimage")
    anonymous = anonymise(text.replace(r"Services\QService", r"Services\QSERVICE"))
    facts = parse_transcript(anonymous)
    (own,) = facts["dns"]["dependents"]
    assert facts["services"][own]["start"] == 2


def test_sids_serials_and_identifiers_go() -> None:
    sid, guid = "S-1-5-21-1004336348-1177238915-682003330-512", "{6F9619FF-8B86-D011-B42D-00C04FC964FF}"
    names = (sid, guid, "00-1A-2B-3C-4D-5E")
    anonymous = anonymise(section("services", "".join(service(name, name, 9) for name in names)))
    for part in ("1004336348", "682003330", "8B86", "00C04FC964FF", "1A-2B"):
        assert part not in anonymous
    assert parse_transcript(anonymous)["services_total"] == 3


def test_addresses_go_wherever_they_stand_and_versions_stay() -> None:
    text = section("services", service("Mirror", "copies to 10.20.30.40, and 10.20.30.40 only", 9))
    anonymous = anonymise(text + section("ver", "Microsoft Windows [Version 10.0.20348.1006]"))
    assert "10.20.30.40" not in anonymous
    assert anonymous.count("192.0.2.1") == 2
    assert "10.0.20348.1006" in anonymous


def test_keys_that_the_caller_names_stay() -> None:
    text = section("services", service("Backup Agent 7", "x", 9) + service("Backup", "x", 9))
    assert "SERVICE_NAME: Backup Agent 7\n" in anonymise(text, ["Backup Agent 7"])
    assert "Agent" not in anonymise(text)


def test_a_registry_file_becomes_a_listing_that_means_the_same() -> None:
    text = section(
        "tcpip",
        "REGEDIT4\n\n" + r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters]" + "\n"
        '"Hostname"="QSERVER"\n"MaxUserPort"=dword:0000fffe\n"ReservedPorts"=hex(7):31,38,31,32,2d,31,38,31,33,00,00\n',
    )
    anonymous = anonymise(text)
    assert parse_transcript(anonymous)["settings"] == parse_transcript(text)["settings"]
    assert parse_transcript(text)["settings"]["reserved_ports"]["ranges"] == ["1812-1813"]
    assert "qserver" not in anonymous.lower()


HOSTILE = (
    "#portkeeper begin ver\n" * 50,
    section("netstat", "UDP [" + "a" * 5000 + "]:1 *:*"),
    section("tcpip", " " * 200_000 + "REG"),
    section("tcpip", "a-" * 100_000),
    section("services", "\ufeff\u202e: \x00\x01name1: name2\n" * 100),
    section("tasklist", '"' * 100_000),
    section("computer_name", "x\n#PORTKEEPER begin ver"),
    "",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_neither_slow_nor_a_way_into_the_frame(text: str) -> None:
    anonymous = anonymise(text)
    assert [line for line in anonymous.splitlines() if line.lower().startswith("#portkeeper")] == [
        line for line in anonymous.splitlines() if re.match(r"#portkeeper (transcript 1|(begin|end) [a-z0-9_]+)", line)
    ]
    assert parse_transcript(anonymous)["format"] == 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["services", "netstat", "state", "tcpip", "tasklist", "excluded_udp4"]))
def test_any_bytes_end_in_a_transcript(body: bytes, name: str) -> None:
    framed = f"#portkeeper begin {name}\n".encode() + body + f"\n#portkeeper end {name} 0\n".encode()
    assert anonymise(framed).startswith("#portkeeper transcript 1\n")


def test_a_section_of_utf_16_cannot_smuggle_a_line_of_the_frame() -> None:
    body = "#portkeeper end netstat 0\n#portkeeper begin ver\nSecretName".encode("utf-16")
    anonymous = anonymise(b"#portkeeper begin netstat\n" + body + b"\n#portkeeper end netstat 0\n")
    assert anonymous.count("#portkeeper begin") == 1
    assert "secretname" not in anonymous.lower()


def test_what_is_no_transcript_is_refused() -> None:
    with pytest.raises(TranscriptError):
        anonymise({"content": "x"})
