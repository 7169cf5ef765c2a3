# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A carried host is in the fleet report, with the age of its facts."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import Rules
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_text import render_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import Sources, make_report
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._offline.hosts import Carried, read_transcripts
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._offline.kit import OfflineError

CAPTURE = Path(__file__).parents[3] / "captures" / "transcript-sbs2003.txt"
READ = datetime(2026, 1, 2, 3, 0, tzinfo=timezone.utc)


def carried(folder: Path, read: datetime) -> Carried:
    path = folder / "sbserver.txt"
    path.write_bytes(CAPTURE.read_bytes().replace(b"Mon 09/08/2008  7:41:12.53", b"Fri 01/02/2026  3:41:12.53"))
    os.utime(path, (read.timestamp(), read.timestamp()))
    (host,) = read_transcripts(path, Policy.from_options())
    return host


def test_the_report_shows_it_with_the_age_of_its_facts(tmp_path: Path) -> None:
    artifact = carried(tmp_path, READ).artifact("night")
    assert artifact["collected"] == "2026-01-02T03:00:00Z"
    report = make_report(Sources((), {"SBSERVER": artifact}, {}), Rules(), READ + timedelta(days=3), "Fleet")
    (row,) = report.rows
    assert (row.host, row.age) == ("SBSERVER", timedelta(days=3))
    assert "SBSERVER" in render_text(report) and "3 d" in render_text(report)


def test_a_copied_file_is_as_old_as_the_server_says_and_the_difference_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "sbserver.txt"
    path.write_bytes(CAPTURE.read_bytes())
    (host,) = read_transcripts(path, Policy.from_options())
    assert host.artifact("night")["collected"] == "2008-08-09T00:00:00Z"
    assert "2008-08-09" in str(host.row()["age_note"])


def test_a_file_from_the_future_has_no_age(tmp_path: Path) -> None:
    later = datetime.now(timezone.utc) + timedelta(days=1)
    assert carried(tmp_path, later).artifact("night")["collected"] is None


def test_two_transcripts_of_one_computer_are_refused(tmp_path: Path) -> None:
    for name in ("one.txt", "other.txt"):
        (tmp_path / name).write_bytes(CAPTURE.read_bytes())
    with pytest.raises(OfflineError, match="same computer"):
        read_transcripts(tmp_path, Policy.from_options())


def test_services_that_may_not_be_listed_are_one_problem_not_two(tmp_path: Path) -> None:
    path = tmp_path / "sbserver.txt"
    text = CAPTURE.read_bytes()
    front, _begin, rest = text.partition(b"#portkeeper begin services\n")
    assert rest
    behind = rest.partition(b"#portkeeper end services ")[2].partition(b"\n")[2]
    path.write_bytes(front + b"#portkeeper begin services\n#portkeeper end services 5\n" + behind)
    (host,) = read_transcripts(path, Policy.from_options())
    told = [problem["id"] for problem in host.artifact("night")["problems"]]
    assert "access_denied" in told and "services_unreadable" not in told
    assert host.files.keys() == {"plan.txt"}
    assert "because access was denied: collect again as an administrator" in host.row()["msg"]


def test_the_rows_that_the_policy_needs_are_never_cut(tmp_path: Path) -> None:
    rows = "".join(f"  UDP    10.{at // 250}.{at % 250}.1:138   *:*   4\r\n" for at in range(600))
    rows += "  UDP    0.0.0.0:65533   *:*   6667\r\n"
    text = CAPTURE.read_bytes().decode()
    end = re.search(r"(?m)^#portkeeper( \S+)? end netstat", text)
    assert end
    (tmp_path / "sbserver.txt").write_bytes(f"{text[: end.start()]}{rows}{text[end.start() :]}".encode())
    (host,) = read_transcripts(tmp_path, Policy.from_options({"extra_ports": ["65533"]}))
    facts = host.artifact("night")["facts"]
    assert facts["udp_endpoints_truncated"]
    assert 65533 in {entry["port"] for entry in facts["udp_endpoints"]}


def test_a_folder_without_a_transcript_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OfflineError, match=r"holds no transcript \(\*\.txt\)"):
        read_transcripts(tmp_path, Policy.from_options())


@pytest.mark.parametrize("content", [b"", b"not a transcript\r\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_transcript_is_named_and_not_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sbserver.txt"
    path.write_bytes(content)
    with pytest.raises(OfflineError, match=r"sbserver\.txt is not used: "):
        read_transcripts(tmp_path, Policy.from_options())


def test_a_transcript_that_was_cut_gives_a_plan_that_asks_for_another_one(tmp_path: Path) -> None:
    text = CAPTURE.read_bytes()
    (tmp_path / "sbserver.txt").write_bytes(text[: text.rindex(b"#portkeeper end")])
    (host,) = read_transcripts(tmp_path, Policy.from_options())
    assert host.files.keys() == {"plan.txt"}
    told = host.files["plan.txt"].decode("ascii")
    assert re.search(r"No scripts were made: the transcript is not whole: Section \w+ does not end", told)
    assert "Run this kit's collect.cmd again." in told


def test_a_host_whose_scripts_are_refused_gets_a_plan_that_says_why(tmp_path: Path) -> None:
    shown = b"ReservedPorts\tREG_MULTI_SZ\t3343-3343\\0\\0"
    text = CAPTURE.read_bytes()
    assert shown in text
    (tmp_path / "sbserver.txt").write_bytes(text.replace(shown, b"ReservedPorts\tREG_SZ\t3343-3343"))
    (host,) = read_transcripts(tmp_path, Policy.from_options({"repair": True}))
    assert host.files.keys() == {"plan.txt"}
    assert "No scripts were made: ReservedPorts has the wrong type" in host.files["plan.txt"].decode()
