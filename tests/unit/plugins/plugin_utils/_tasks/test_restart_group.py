# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a group restarts at a time: waiting, messages and files left behind."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.utils.display import Display

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import restart_group
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._verbose import Verbose


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(restart_group, "TOLD_AFTER_S", 0.3)
    monkeypatch.setattr(Display(), "verbosity", 2)
    monkeypatch.setattr(Display, "display", lambda _self, text, *_args, **_options: lines.append(text))
    return lines


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[int]:
    """A process that has its turn in the group dcs and in the default one, for two seconds."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with (
            restart_group.restart_group_lock("dcs", "client01", folder=tmp_path),
            restart_group.restart_group_lock(None, "client01", folder=tmp_path),
        ):
            os.write(write, b"x")
            time.sleep(2)
        os._exit(0)
    os.close(write)
    assert os.read(read, 1)
    yield child
    os.waitpid(child, 0)


@pytest.mark.parametrize("group", ["dcs", None])
def test_who_waits_says_for_whom_and_how_long(group: str | None, busy: int, told: list[str], tmp_path: Path) -> None:
    with restart_group.restart_group_lock(group, "client02", folder=tmp_path, verbose=Verbose("client02")) as waited:
        assert waited > 0.5
    name = "the restart group dcs" if group else "this run"
    begins, ends = told
    assert begins == f"client02 waits for client01: that host of {name} restarts DNS or reboots."
    assert re.fullmatch(rf"<client02> after [0-9.]+ s: has waited [12] s for other hosts of {name}", ends)


@pytest.mark.usefixtures("busy")
def test_a_wait_is_reported_without_verbosity_too(
    told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Display(), "verbosity", 0)
    with restart_group.restart_group_lock("dcs", "client02", folder=tmp_path, verbose=Verbose("client02")):
        pass
    assert told == ["client02 waits for client01: that host of the restart group dcs restarts DNS or reboots."]


def test_two_calls_without_a_group_do_not_wait_for_each_other(
    busy: int, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart_group, "RUN_ID", "another call")
    with restart_group.restart_group_lock(None, "client02", folder=tmp_path) as waited:
        assert waited < 1
    assert told == []


def test_after_a_failure_no_other_member_starts(tmp_path: Path) -> None:
    with pytest.raises(ValueError), restart_group.restart_group_lock("dcs", "client01", folder=tmp_path):
        raise ValueError
    with (
        pytest.raises(HostFailure, match="Not started: client01 failed before"),
        restart_group.restart_group_lock("dcs", "client02", folder=tmp_path),
    ):
        pytest.fail("it started")


def test_a_member_that_was_killed_has_failed(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with restart_group.restart_group_lock("dcs", "client01", folder=tmp_path):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with (
        pytest.raises(HostFailure, match="client01"),
        restart_group.restart_group_lock("dcs", "client02", folder=tmp_path),
    ):
        pytest.fail("it started")


def test_nothing_stays_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError), restart_group.restart_group_lock("dcs", "client01", folder=tmp_path):
        raise ValueError
    with restart_group.restart_group_lock(None, "client01", folder=tmp_path):
        pass
    old = time.time() - restart_group.KEPT_S - 1
    for path in tmp_path.iterdir():
        os.utime(path, (old, old))
    monkeypatch.setattr(restart_group, "RUN_ID", "a month later")
    with restart_group.restart_group_lock(None, "client01", folder=tmp_path):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dcs.lock", "play-a%20month%20later.lock"]
