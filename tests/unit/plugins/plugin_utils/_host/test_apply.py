# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change takes two commands, with backups on both sides first, and writes nothing in doubt."""

from __future__ import annotations

import datetime
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import ADOPTING
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import SettingWrite
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _files
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import host_clock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import BackupStore
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import lock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.apply import WriteRequest, Written, apply
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import Gathered, gather
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import CHANGED, MARK, FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

NOW = 1_764_000_000
STALE = f"{NOW - 601}-fedcba9876543210"
FRESH = f"{NOW - 599}-fedcba9876543210"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_clock.HostClock, "now", lambda _self: NOW)
    monkeypatch.setattr(_files, "utc_now", lambda: datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc))


class Change:
    """A gathered host and a way to apply what its plan says."""

    def __init__(self, folder: Path, host: FakeHost | None = None, **options: Any) -> None:
        self.host = host or FakeHost()
        self.wire = FakeWire(self.host)
        self.session = Session(FakeConnection(self.wire))
        self.policy = Policy.from_options(options)
        self.gathered: Gathered = gather(self.session, self.policy, 60)
        self.plan = plan_host(self.gathered.host, self.policy)
        self.folder = folder

    def apply(self) -> Written:
        exchange = Exchange(self.session, self.gathered.run, "backup", 60)
        return apply(exchange, self.gathered, WriteRequest.of(self.plan), BackupStore("client 01", str(self.folder)))

    def backups(self) -> list[Path]:
        return sorted(self.folder.rglob("*.json"))


def test_two_commands_write_and_read_again(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"], socket_pool_size=2500)
    written = change.apply()
    assert len(change.host.lines) == 3, "with the collector's"
    assert change.host.reserved and "4500-4500" in change.host.reserved and "3343-3343" in change.host.reserved
    assert change.host.pool_size == 2500
    assert "4500-4500" in written.transcript.sections["tcpip"].text
    assert change.host.locks is None


def test_the_backup_holds_exact_bytes_and_what_they_become(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"], socket_pool_size=2500)
    written = change.apply()
    (path,) = change.backups()
    assert written.backup == {
        "id": path.stem,
        "path": str(path),
        "host_path": rf"%SystemRoot%\portkeeper\backup\{path.stem}",
    }
    assert path.stem == f"20251124T160000Z-{change.gathered.run}"
    assert path.parent.name == "client%2001"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = json.loads(path.read_text(encoding="utf-8"))
    ports, size = content["settings"]
    assert ports["setting"] == "reserved_ports"
    assert bytes.fromhex(ports["hex"]) == "3343-3343\0\0".encode("utf-16-le")
    assert (ports["type"], ports["type_number"], ports["absent"]) == ("REG_MULTI_SZ", 7, False)
    assert ports["after"] == change.host.reserved
    assert (size["absent"], size["hex"], size["after"]) == (True, None, 2500)
    assert (content["boot_mark"], content["dns_pid"], content["host"]) == (MARK, 1484, "client 01")


def test_the_host_gets_a_file_that_puts_the_values_back(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"], socket_pool_size=2500)
    change.apply()
    line = change.host.lines[-1]
    assert 'echo "ReservedPorts"=hex^(7^):33,33,34,33,2d,' in line
    assert "(echo REGEDIT4&" in line
    assert 'echo "SocketPoolSize"=-' in line


def test_the_record_is_read_on_the_host(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.apply()
    assert change.host.state["reserved_ports"]["value"] == ",".join(change.host.reserved or [])
    assert MARK not in change.host.lines[-1]


def test_the_first_write_gives_the_machine_an_id_that_stands_in_the_backup(tmp_path: Path) -> None:
    change = Change(tmp_path)
    assert change.gathered.facts["machine"] == {"id": None, "recorded_name": None}
    change.apply()
    given = change.host.machine["machine_id"]
    assert re.fullmatch("[0-9a-f]{32}", given)
    (path,) = change.backups()
    assert json.loads(path.read_text())["machine_id"] == given

    again = Change(tmp_path, change.host, extra_ports=["5060"])
    assert again.gathered.facts["machine"] == {"id": given, "recorded_name": "CLIENT01"}
    again.apply()
    assert change.host.machine["machine_id"] == given, "an id stays what it is"
    assert {json.loads(path.read_text())["machine_id"] for path in again.backups()} == {given}
    assert Change(tmp_path / "b").gathered.facts["machine"]["id"] is None


def test_a_copied_id_is_replaced_although_nothing_else_is_due(tmp_path: Path) -> None:
    change = Change(tmp_path)
    change.apply()
    copied = {**change.host.machine, "computer_name": "OTHER"}
    change.host.machine = copied
    again = Change(tmp_path, change.host)
    assert [change.id for change in again.plan.settings] == ["state"]
    assert again.plan.settings[0].after == {"computer_name": "CLIENT01"}
    assert "machine_cloned" in [problem["id"] for problem in again.plan.problems]
    again.apply()
    assert change.host.machine["machine_id"] != copied["machine_id"]
    last = Change(tmp_path, change.host)
    assert last.plan.settings == () and not WriteRequest.of(last.plan), "one run is enough"


def test_records_alone_need_no_backup(tmp_path: Path) -> None:
    change = Change(tmp_path, FakeHost(reserved=["1645-1646", "1812-1813", "4500-4500"]), profiles=[], detect=False,
                    extra_ports=["1645-1646", "1812-1813", "4500"])  # fmt: skip
    assert [entry.id for entry in change.plan.settings] == ["state"]
    written = change.apply()
    assert written.backup is None
    assert change.backups() == []
    assert change.host.state["reserved_ports"]["value"] == "1645-1646,1812-1813,4500-4500"


def test_a_change_after_the_plan_is_seen_and_nothing_written(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.host.reserved = ["5000-5001"]
    with pytest.raises(HostFailure, match="somebody else is changing it") as caught:
        change.apply()
    assert caught.value.phase == "backup"
    assert change.host.reserved == ["5000-5001"]
    assert change.host.locks is None, "the lock is given back"
    assert change.backups() == []


def test_a_change_after_the_snapshot_is_seen_on_the_host(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.host.before_write = CHANGED
    with pytest.raises(HostFailure, match="nothing was written, run again") as caught:
        change.apply()
    assert caught.value.phase == "write"
    assert caught.value.details["backup"]
    assert change.host.reserved == ["3343-3343"]


def test_a_backup_that_cannot_be_kept_stops_the_change(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    (tmp_path / "client%2001").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(HostFailure, match="Nothing was written") as caught:
        change.apply()
    assert caught.value.phase == "backup"
    assert change.host.reserved == ["3343-3343"]
    assert change.host.locks is None


def test_an_unlock_that_fails_too_does_not_hide_the_reason(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    (tmp_path / "client%2001").write_text("a file in the way", encoding="utf-8")
    change.wire.faults[3] = requests.exceptions.ConnectionError("reset")
    with pytest.raises(HostFailure, match="Nothing was written") as caught:
        change.apply()
    assert caught.value.phase == "backup"
    assert change.wire.commands >= 3


@pytest.mark.parametrize("answer", [b"", b"garbage"])
def test_an_export_that_is_not_exact_stops_the_change(tmp_path: Path, answer: bytes) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.host._on_export_tcpip = lambda: (answer.decode(), 0)  # type: ignore[method-assign]
    with pytest.raises(HostFailure) as caught:
        change.apply()
    assert caught.value.phase == "backup"
    assert change.host.reserved == ["3343-3343"]


def test_an_export_that_was_denied_is_not_taken_for_absent(tmp_path: Path) -> None:
    change = Change(tmp_path, FakeHost(reserved=None), profiles=["sbs2003"])
    change.host._on_export_tcpip = lambda: ("", 1)  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="did not export"):
        change.apply()
    assert change.host.reserved is None


def test_utf16_as_it_is_handed_out_by_a_tool_for_lines(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    text, _level = change.host._on_export_tcpip()
    answer = change.host.answer

    def raw(line: str) -> bytes:
        output = answer(line)
        plain = text.replace("\n", "\r\n").encode()
        return output.replace(plain, b"\xff\xfe" + plain.decode().encode("utf-16-le").replace(b"\n", b"\r\n"))

    change.host.answer = raw  # type: ignore[method-assign]
    change.apply()
    assert bytes.fromhex(json.loads(change.backups()[0].read_text())["settings"][0]["hex"])[:4] == b"3\x003\x00"


def test_a_lock_of_another_run_is_respected(tmp_path: Path) -> None:
    change = Change(tmp_path, FakeHost(locks=[FRESH]), profiles=["sbs2003"])
    with pytest.raises(HostFailure, match="locked by another run of portkeeper since 15:50:01 UTC"):
        change.apply()
    assert change.host.locks == [FRESH]
    assert change.host.reserved == ["3343-3343"]


@pytest.mark.parametrize("locks", [[STALE], []])
def test_a_lock_that_was_left_behind_is_taken_over(tmp_path: Path, locks: list[str]) -> None:
    change = Change(tmp_path, FakeHost(locks=locks), profiles=["sbs2003"])
    change.apply()
    assert len(change.host.lines) == 6, "a survey, the takeover, and the first command again"
    assert change.host.locks is None


def test_a_window_that_ended_with_the_host_does_not_lock_it_for_ever(tmp_path: Path) -> None:
    left = [f"{NOW - 7200}-fedcba9876543210", f"window-{NOW - 6900}-fedcba9876543210"]
    for ports in ("50001", "50002", "50003"):
        change = Change(tmp_path, FakeHost(locks=left or None), profiles=["sbs2003"], extra_ports=[ports])
        change.apply()
        assert change.host.locks is None
        left = []


@pytest.mark.parametrize("section", ["lock", "lock_files", "windows"])
def test_a_survey_that_was_cut_never_leads_to_a_take_over(tmp_path: Path, section: str) -> None:
    """Only the folders of windows show that a script is late, and still at work behind its deadline."""
    host = FakeHost(locks=[STALE, f"window-{NOW - 5}-fedcba9876543210"], drop_sections={section})
    left = list(host.locks or ())
    with pytest.raises(HostFailure, match="who holds its lock"):
        Change(tmp_path, host, profiles=["sbs2003"]).apply()
    assert host.locks == left and host.reserved == ["3343-3343"]


def test_two_lock_files_of_dead_runs_are_taken_over(tmp_path: Path) -> None:
    change = Change(tmp_path, FakeHost(locks=[STALE, f"{NOW - 900}-00000000000000bb"]), profiles=["sbs2003"])
    change.apply()
    assert change.host.locks is None


def test_a_run_that_meets_another_takes_its_own_file_out(tmp_path: Path) -> None:
    change = Change(tmp_path, FakeHost(locks=[FRESH, f"{NOW}-{'0' * 16}"]), profiles=["sbs2003"])
    mine = f"{NOW}-{change.gathered.run}"
    change.host.locks = [FRESH, mine]
    with pytest.raises(HostFailure, match="is locked by another run"):
        change.apply()
    assert rf"del ..\portkeeper\lock\{mine}&" in change.host.lines[-1]


def test_without_a_clock_a_lock_is_taken_over_when_it_stayed_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_clock.HostClock, "now", lambda _self: None)
    ticks = [1000.0]
    monkeypatch.setattr(lock.time, "monotonic", lambda: ticks[0])
    host = FakeHost(locks=[STALE])
    for passed in (0, 300, 300):
        ticks[0] += passed
        with pytest.raises(HostFailure, match=r"clear it there with: rd /s /q"):
            Change(tmp_path, host, profiles=["sbs2003"]).apply()
    host.locks = [f"{NOW}-00000000000000cc"]
    ticks[0] += 1
    with pytest.raises(HostFailure, match="is locked by another run"):
        Change(tmp_path, host, profiles=["sbs2003"]).apply()
    ticks[0] += 601
    Change(tmp_path, host, profiles=["sbs2003"]).apply()
    assert host.locks is None
    assert not list((tmp_path / "home" / "locks").iterdir()), "what was seen of a lock goes with it"


def test_a_lock_whose_window_is_open_is_never_taken_over(tmp_path: Path) -> None:
    locks = [STALE, f"window-{NOW + 10}-fedcba9876543210"]
    change = Change(tmp_path, FakeHost(locks=locks), profiles=["sbs2003"])
    with pytest.raises(HostFailure, match="locked by another run"):
        change.apply()


def test_a_folder_that_cannot_be_made_is_said_as_such(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.host.denied = True
    with pytest.raises(HostFailure, match="rights of an administrator"):
        change.apply()


def test_a_folder_of_an_earlier_version_is_named_with_the_commands_that_adopt_it(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.host.denied = change.host.folder = True
    with pytest.raises(HostFailure, match="of an earlier version") as caught:
        change.apply()
    policy = (Path(__file__).parents[5] / "SECURITY.md").read_text(encoding="utf-8")
    for command in ADOPTING:
        assert command in str(caught.value) and f"`{command}`" in policy
    assert caught.value.details["dns_may_be_stopped"] is False


@pytest.mark.parametrize("command", [2, 3])
@pytest.mark.parametrize("when", ["faults", "receive_faults"])
def test_a_lost_connection_at_each_command(tmp_path: Path, command: int, when: str) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    getattr(change.wire, when)[command] = ConnectionResetError("gone")
    with pytest.raises(HostFailure) as caught:
        change.apply()
    assert caught.value.phase == ("backup" if command == 2 else "write")
    executed = command == 3 and when == "receive_faults"
    assert (change.host.reserved == ["3343-3343"]) is not executed
    assert bool(change.backups()) is (command == 3), "a backup is there if anything may have been written"


@pytest.mark.parametrize("section", ["write", "state", "boot", "tcpip"])
def test_a_cut_answer_to_the_write_is_never_taken_for_success(tmp_path: Path, section: str) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.host.drop_sections = {section}
    with pytest.raises(HostFailure, match="cut the answer") as caught:
        change.apply()
    assert caught.value.details["backup"]


def test_a_command_that_failed_is_named(tmp_path: Path) -> None:
    change = Change(tmp_path, profiles=["sbs2003"])
    change.host._on_write = lambda: ("reserved_ports 1\n", 0)  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match=r"did not write reserved_ports \(error level 1\)"):
        change.apply()


def test_foreign_text_beyond_ascii_is_put_back_exactly(tmp_path: Path) -> None:
    change = Change(tmp_path, FakeHost(reserved=["3343-3343", "\u00e9"]), profiles=["sbs2003"], repair=True)
    change.apply()
    assert "cmd.exe /d /u /c type " in change.host.lines[-1], "only a file of UTF-16 holds such text"
    assert "e9,00," in change.host.lines[-1]


@pytest.mark.parametrize("now", [{"dynamicport_udp4": (1025, 50000)}, {}], ids=["changed", "not shown"])
def test_a_range_that_is_not_the_one_of_the_plan_is_not_overwritten(tmp_path: Path, now: dict[str, Any]) -> None:
    change = Change(tmp_path)
    change.host.ranges = now
    exchange = Exchange(change.session, change.gathered.run, "backup", 60)
    order = WriteRequest((SettingWrite("dynamicport_udp4", ("49152-65535",), ("1025-60000",)),), ())
    with pytest.raises(HostFailure, match=r"port range over ipv4 differently than a moment ago: somebody else"):
        apply(exchange, change.gathered, order, BackupStore("client 01", str(tmp_path)))
    assert not change.backups()
    assert not any("begin write" in line for line in change.host.lines)
    assert change.host.locks is None
