# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With two runs at once, the lock holds; a lock that was left behind is taken over."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import BOOT_AND_END
from fault_host import FaultHost
from portkeeper_lab.winrm import http

ONE, OTHER = "50001-50003", "50011-50013"
LOST_RACES = ("is locked by another run", "else is changing it", "has changed since the snapshot", "nothing was")


@pytest.fixture
def host(ready: Callable[[str], FaultHost]) -> FaultHost:
    """A host whose reservations hold one foreign range."""
    return ready("nt6")


def lock(host: FaultHost, name: str) -> None:
    """A run has taken the lock and has not given it back."""
    (host.folder / "lock").mkdir(parents=True, exist_ok=True)
    (host.folder / "lock" / name).write_bytes(b"held\r\n")


@pytest.mark.parametrize("delay", (0.0, 0.3, 0.6, 0.9, 1.2))
def test_two_runs_at_once_never_mix(delay: float, host: FaultHost) -> None:
    def run(ports: str, wait: float) -> dict[str, object]:
        time.sleep(wait)
        return host.act("port_reservations", extra_ports=[ports])

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, (ONE, OTHER), (0.0, delay)))
    found = host.value() or []
    assert "51000-51010" in found, "the foreign range is lost"
    for result, ports in zip(results, (ONE, OTHER), strict=True):
        if result.get("failed"):
            assert any(text in str(result["msg"]) for text in LOST_RACES), result["msg"]
        else:
            assert ports in found, "a run that was ok has written nothing, or it was overwritten"
    assert any(not result.get("failed") for result in results)
    host.new_call()
    for ports in (ONE, OTHER):
        assert not host.act("port_reservations", extra_ports=[ports]).get("failed")
    assert {ONE, OTHER} <= set(host.value() or [])
    assert not (host.folder / "lock").exists()


def test_a_run_says_since_when_the_host_is_locked(host: FaultHost) -> None:
    now = int(time.time())
    lock(host, f"{now - 60}-00000000000000aa")
    result = host.act("port_reservations")
    since = time.strftime("%H:%M:%S UTC", time.gmtime(now - 60))
    assert result["failed"] and f"since {since}" in result["msg"]
    assert host.value() == host.baselines["fresh"].value
    assert (host.folder / "lock" / f"{now - 60}-00000000000000aa").exists()


def test_a_lock_older_than_ten_minutes_is_taken_over(host: FaultHost) -> None:
    lock(host, f"{int(time.time()) - 601}-00000000000000aa")
    assert not host.act("port_reservations").get("failed")
    assert host.value() == host.baselines["written"].value
    assert not (host.folder / "lock").exists()


def test_never_while_a_window_may_be_open(host: FaultHost) -> None:
    now = int(time.time())
    lock(host, f"{now - 601}-00000000000000aa")
    lock(host, f"window-{now + 60}-00000000000000aa")
    assert "is locked by another run" in host.act("port_reservations")["msg"]
    assert host.value() == host.baselines["fresh"].value


def test_an_empty_lock_folder_is_taken_over(host: FaultHost) -> None:
    (host.folder / "lock").mkdir(parents=True)
    assert not host.act("port_reservations").get("failed")


def test_a_lock_that_is_not_ours_is_left_alone(host: FaultHost) -> None:
    lock(host, "somebody.txt")
    assert host.act("port_reservations")["failed"]
    assert (host.folder / "lock" / "somebody.txt").exists()


def test_a_window_that_ended_with_the_host_does_not_lock_it_for_ever(host: FaultHost) -> None:
    """The first run takes the lock over, the others find none."""
    now = int(time.time())
    lock(host, f"{now - 7200}-aaaaaaaaaaaaaaaa")
    lock(host, f"window-{now - 6900}-aaaaaaaaaaaaaaaa")
    for port in ("50021", "50022", "50023"):
        result = host.act("port_reservations", extra_ports=[port])
        assert not result.get("failed"), result["msg"]
        assert not (host.folder / "lock").exists()


@pytest.mark.parametrize(
    "names",
    [
        ("{old}-00000000000000aa", "{older}-00000000000000bb"),
        ("window-{old}-00000000000000aa",),
        ("{old}-00000000000000aa", "window-{old}-00000000000000bb"),
    ],
    ids=["two files", "a mark alone", "two runs"],
)
def test_what_dead_runs_left_converges(names: tuple[str, ...], host: FaultHost) -> None:
    now = int(time.time())
    for name in names:
        lock(host, name.format(old=now - 700, older=now - 9000))
    result = host.act("port_reservations")
    assert not result.get("failed"), result["msg"]
    assert not (host.folder / "lock").exists()


@pytest.mark.parametrize("ahead", [3600, 366 * 86_400])
def test_a_lock_from_the_future_is_named_with_the_command_that_clears_it(ahead: int, host: FaultHost) -> None:
    lock(host, f"{int(time.time()) + ahead}-00000000000000aa")
    message = host.act("port_reservations")["msg"]
    assert "is locked by another run" in message
    command = re.search(r"rd /s /q %SystemRoot%\\portkeeper\\lock", message)
    assert command, message
    host.new_call()
    host.cmd(command[0])
    assert not host.act("port_reservations").get("failed")


@pytest.mark.parametrize("jump", [-366 * 86_400, -3600, 3600, 366 * 86_400])
def test_a_window_at_work_is_safe_from_a_jump_of_the_clock(
    jump: int, host: FaultHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from daylight saving time, which moves what the host prints by an hour."""
    now = int(time.time())
    name = f"{now - 5}-00000000000000aa"
    lock(host, name)
    lock(host, f"window-{now + 295}-00000000000000aa")
    work = host.windows / f"portkeeper-{name}"
    work.mkdir(parents=True)
    (work / "claimed").write_bytes(b"token\r\n")
    monkeypatch.setattr(http, "clock", lambda: time.time() + jump)
    assert "has not ended" in host.act("port_reservations")["msg"]
    (work / "end").write_bytes(b"end\r\n")
    (host.folder / "lock" / f"window-{now + 295}-00000000000000aa").unlink()
    monkeypatch.setattr(http, "clock", lambda: time.time() + max(jump, 601))
    host.new_call()
    assert not host.act("port_reservations").get("failed")
    assert not (host.folder / "lock").exists() and not work.exists()


@pytest.mark.parametrize("family", ["nt5", "nt6"])
def test_the_next_window_removes_what_earlier_ones_left(family: str, ready: Callable[[str], FaultHost]) -> None:
    """One of this boot stays: its lock was cleared by hand, it may be at work, and without its files DNS stays down."""
    host = ready(family)
    host.conflict()
    now = host.cmd(BOOT_AND_END)
    earlier = now.replace("REG_BINARY    ", "REG_BINARY    7")
    assert earlier != now
    left = {
        "portkeeper-1700000000-00000000000000aa": {"boot": earlier, "claimed": "token", "end": "end"},
        "portkeeper-1700000001-00000000000000bb": {"boot": earlier, "claimed": "token"},
        **{f"portkeeper-160000000{number}-00000000000000cc": {"claimed": "token"} for number in range(6)},
        "portkeeper-1800000002-00000000000000dd": {"boot": now, "claimed": "token"},
        "portkeeper-1800000003-00000000000000ee": {"boot": now, "claimed": "token", "end": "end"},
        "portkeeper-notes": {"boot": earlier, "end": "mine"},
    }
    for name, files in left.items():
        (host.windows / name).mkdir()
        for file, content in files.items():
            (host.windows / name / file).write_bytes(content.encode("ascii"))
    try:
        assert not host.act("dns_restart").get("failed")
        stay = {name for name in left if (host.windows / name).is_dir()}
    finally:
        for name in left:
            shutil.rmtree(host.windows / name, ignore_errors=True)
    assert stay == {*list(left)[2:]}, "those without a mark do not keep others from being removed"
    assert host.window_folders() == []
