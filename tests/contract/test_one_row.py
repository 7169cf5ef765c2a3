# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A section with its reader, or a setting, is one row, from which everything else is derived."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import generate
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import (
    collector_line,
    collector_script,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.records import is_recorded
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import (
    ChangeId,
    SettingWrite,
    prepare_line,
    write_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._contribute.anonymise import anonymise
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.readers import READERS, FactReader
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.reading import Reading, damaged
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.schema import compiled
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.collect import collect_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import split_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._problems import Problem
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.changes import changes_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.row import (
    SECTION,
    Export,
    SectionRow,
    SectionRule,
    words,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import number_value
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import (
    DNS_KEY,
    DNS_RESTART,
    NUMBER_TYPE,
    SETTINGS,
    Setting,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.backup import restore_lines
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import is_whole
from checkout import CHECKOUT

CAPTURE = (CHECKOUT / "tests/unit/captures/transcript-sbs2003.txt").read_text(encoding="utf-8")
RUN = "0123456789abcdef"
SCHEMAS = "plugins/plugin_utils/schemas/"

TIME_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\W32Time\Parameters"
TIME_LISTING = TIME_KEY.replace("HKLM", "HKEY_LOCAL_MACHINE")
ROW = SectionRow(
    "time_service",
    f"reg.exe query {TIME_KEY}",
    SectionRule(SECTION, "warning", "nothing", "the period is not known"),
    exports=(Export(TIME_KEY, ("Period",)),),
    words=words("W32Time"),
    values=words("Period"),
)
TTL = Setting("max_cache_ttl", DNS_KEY, "MaxCacheTtl", NUMBER_TYPE, DNS_RESTART, "Microsoft's documentation of dnscmd")


def _read_period(reading: Reading) -> tuple[int | None, list[Problem]]:
    dump = reading.registry(ROW.id)
    if dump.stray:
        return None, damaged(ROW.id, dump.stray)
    key = dump.find(r"\services\w32time\parameters")
    value = key.values.get("period") if key else None
    return value.data if value and isinstance(value.data, int) else None, []


READER = FactReader(_read_period, {"type": ["integer", "null"], "minimum": 0})


def _with_section(body: str) -> str:
    return f"{CAPTURE}#portkeeper begin {ROW.id}\n{body}#portkeeper end {ROW.id} 0\n"


def _problem_of_schema(facts: dict[str, Any]) -> str | None:
    """Return the differences between the generated schema and the facts."""
    schema = json.loads(generate.documents()[f"{SCHEMAS}facts.schema.json"])
    return compiled("facts", {"facts": schema})(facts)


@pytest.fixture
def section(monkeypatch: pytest.MonkeyPatch) -> None:
    """A section of the transcript, and the fact that is read from it."""
    monkeypatch.setitem(SECTIONS, ROW.id, ROW)
    monkeypatch.setitem(READERS, "time_period", READER)


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting in a key that is read already."""
    monkeypatch.setitem(SETTINGS, TTL.id, TTL)


LISTED = f"{TIME_LISTING}\n    Period\tREG_DWORD\t0xe10\n    NtpServer\tREG_SZ\tclock.contoso.example\n\n"


@pytest.mark.usefixtures("section")
def test_a_row_is_collected() -> None:
    for text in (collector_line(RUN), "\n".join(collector_script(RUN))):
        assert text.count(f"begin {ROW.id}") == 1 and ROW.command in text
    assert not is_whole(split_transcript(CAPTURE), RUN)


@pytest.mark.usefixtures("section")
def test_a_row_is_in_the_offline_kit_with_and_without_reg() -> None:
    with_reg, _, without = "\n".join(collect_script(RUN)).partition("\n:bare\n")
    assert ROW.command in with_reg
    assert f"begin {ROW.id}\nset k={TIME_LISTING}\ncall :export <nul 2>nul\ncall :value Period <nul 2>nul" in without


@pytest.mark.usefixtures("section")
def test_a_row_and_its_reader_make_a_fact_that_fits_the_schema() -> None:
    facts = parse_transcript(_with_section(LISTED))
    assert facts["time_period"] == 3600
    assert _problem_of_schema(facts) is None
    assert _problem_of_schema({**facts, "time_period": "3600"}) == ".time_period: not of type integer or null"


@pytest.mark.usefixtures("section")
def test_a_row_says_what_damage_does_and_that_its_lack_is_a_problem() -> None:
    (damaged,) = parse_transcript(_with_section(f"{LISTED}  ?\n{TIME_LISTING}\n  ?\n"))["problems"]
    assert (damaged["id"], damaged["severity"], damaged["data"]["section"]) == ("section_damaged", "warning", ROW.id)
    (missing,) = [row for row in parse_transcript(CAPTURE)["problems"] if row["id"] == "sections_missing"]
    assert missing["data"]["sections"] == [ROW.id]


@pytest.mark.usefixtures("section")
def test_a_row_says_what_an_anonymous_transcript_keeps() -> None:
    text = anonymise(_with_section(LISTED))
    assert parse_transcript(text)["time_period"] == 3600
    assert r"\Services\W32Time\Parameters" in text
    assert "contoso" not in text and "clock" not in text.partition(f"begin {ROW.id}")[2]


@pytest.mark.usefixtures("setting")
def test_a_setting_costs_no_byte_where_its_key_is_read_already() -> None:
    assert TTL.value_name not in collector_line(RUN)
    assert "call :value MaxCacheTtl <nul 2>nul" in collect_script(RUN)


@pytest.mark.usefixtures("setting")
def test_a_setting_is_a_fact_that_fits_the_schema() -> None:
    facts = parse_transcript(_with_value("0xe10"))
    assert facts["settings"][TTL.id] == {
        "present": True, "type": "REG_DWORD", "data": 3600, "ranges": [], "bad_entries": [],
    }  # fmt: skip
    assert _problem_of_schema(facts) is None
    del facts["settings"][TTL.id]
    assert _problem_of_schema(facts) == f".settings.{TTL.id}: missing"
    plan = json.loads(generate.documents()[f"{SCHEMAS}plan.schema.json"])
    assert TTL.id in plan["$defs"]["registry_setting"]["properties"]["id"]["enum"]
    assert TTL.id in plan["properties"]["effective"]["propertyNames"]["enum"]


@pytest.mark.usefixtures("setting")
def test_the_data_of_a_setting_stays_in_an_anonymous_transcript() -> None:
    assert parse_transcript(anonymise(_with_value("0xe10")))["settings"][TTL.id]["data"] == 3600


@pytest.mark.usefixtures("setting")
def test_a_setting_is_written_recorded_backed_up_and_shown_anew() -> None:
    change_id = ChangeId(RUN, f"1764000000-{RUN}", f"20261123T160000Z-{RUN}")
    assert f"reg.exe query {DNS_KEY} /v MaxCacheTtl" in prepare_line(change_id, [TTL.id])
    restore = restore_lines({TTL.id: number_value(60)})
    assert restore[-1].startswith('"MaxCacheTtl"=')
    (line,) = write_lines(change_id, [SettingWrite(TTL.id, 3600)], [], restore)
    assert f"reg.exe add {DNS_KEY} /v MaxCacheTtl /t REG_DWORD /d 3600 /f" in line
    assert re.search(rf"begin dns&.*{re.escape(DNS_KEY)}", line)
    assert is_recorded(TTL.id)


@pytest.mark.usefixtures("setting")
def test_the_report_tells_that_somebody_else_changed_a_setting() -> None:
    before, after = ({"status": "unknown", "facts": parse_transcript(_with_value(data)), "plan": None, "problems": []}
                     for data in ("0x3c", "0xe10"))  # fmt: skip
    assert "max_cache_ttl: was 60, is 3600" in [change.text for change in changes_of(before, after)]


def _with_value(data: str) -> str:
    key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
    front, begin, rest = CAPTURE.partition("#portkeeper begin dns\n")
    end = rest[rest.index("#portkeeper end dns ") :]
    return f"{front}{begin}{key}\n    MaxCacheTtl\tREG_DWORD\t{data}\n\n{end}"
