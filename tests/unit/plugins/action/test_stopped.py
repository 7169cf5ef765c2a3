# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""If a task is interrupted from outside or by a bug, the state is on disk and the next task reports it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_info,
    port_reservations,
    port_rollback,
    port_verify,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import reserve
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.progress import NOTE
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

ALL = (port_info, port_reservations, dns_restart, port_verify, port_rollback, host_reboot)


class Interruption(BaseException):
    """As of a task's timeout, of Ctrl-C, of a signal."""


@pytest.fixture
def folder(tmp_path: Path) -> dict[str, str]:
    """Options for the artifact and the backups."""
    return {"artifacts_dir": str(tmp_path / "a"), "run_id": "night", "backup_dir": str(tmp_path / "b")}


def artifact(folder: dict[str, str]) -> dict[str, Any]:
    path = Path(folder["artifacts_dir"]) / "night" / "client01.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def note(folder: dict[str, str]) -> Path:
    return Path(folder["backup_dir"]) / "client01" / NOTE


def stopped(action: ModuleType, host: FakeHost, at: int, options: dict[str, Any]) -> None:
    """Run a task that is stopped while its command number `at` is on its way."""
    wire = FakeWire(host, faults={at: Interruption()})  # type: ignore[dict-item]
    with pytest.raises(Interruption):
        run_task(action, wire, options)


def test_that_it_did_not_end_is_on_disk_before_the_host_is_contacted(folder: dict[str, str]) -> None:
    seen: list[dict[str, Any]] = []

    class Watching(FakeWire):
        def open_shell(self, **options: Any) -> str:
            seen.append(artifact(folder))
            return super().open_shell(**options)

    run_task(port_reservations, Watching(FakeHost()), dict(folder), True)
    assert (seen[0]["outcome"], seen[0]["status"], seen[0]["phase"]) == ("failed", "unknown", "read")
    assert "did not end" in seen[0]["msg"]
    assert artifact(folder)["outcome"] == "ok"
    assert not note(folder).exists()


@pytest.mark.parametrize(
    ("action", "at", "phase", "dns"),
    [
        (port_reservations, 1, "read", False),
        (port_reservations, 2, "write", False),
        (port_reservations, 3, "write", False),
        (dns_restart, 2, "restart", True),
        (dns_restart, 3, "restart", True),
    ],
)
def test_how_far_it_got_is_on_disk(folder: dict[str, str], action: ModuleType, at: int, phase: str, dns: bool) -> None:
    host = FakeHost()
    stopped(action, host, at, dict(folder))
    left = artifact(folder)
    assert (left["outcome"], left["phase"], left["dns_may_be_stopped"]) == ("failed", phase, dns)
    assert left["changed"] is (phase != "read")
    assert note(folder).exists() is (phase != "read")


def test_the_next_run_names_it_and_finishes_it(folder: dict[str, str]) -> None:
    host = FakeHost()
    stopped(port_reservations, host, 3, dict(folder))
    host.locks = None
    looked = run_task(port_reservations, FakeWire(host), dict(folder), True)
    assert "port_reservations" in looked["warnings"][0] and "was stopped in the phase write" in looked["warnings"][0]
    assert note(folder).exists(), "a look finishes nothing"
    done = run_task(port_reservations, FakeWire(host), dict(folder))
    assert done["changed"] and not done.get("failed")
    assert "was stopped in the phase write" in done["warnings"][0]
    assert [problem["id"] for problem in artifact(folder)["problems"]].count("earlier_run_stopped") == 1
    assert not note(folder).exists()
    assert "was stopped" not in str(run_task(port_reservations, FakeWire(host), dict(folder)).get("warnings"))


def test_a_run_that_fails_itself_leaves_the_name_of_the_earlier_one(folder: dict[str, str]) -> None:
    host = FakeHost()
    stopped(dns_restart, host, 2, dict(folder))
    with pytest.raises(AnsibleConnectionFailure):
        run_task(dns_restart, FakeWire(host, open_fault=ConnectionError("refused")), dict(folder))
    failed = run_task(port_reservations, FakeWire(host, faults={2: ConnectionError("cut")}), dict(folder))
    assert failed["failed"]
    assert json.loads(note(folder).read_text(encoding="utf-8"))["task"] == "dns_restart"


def test_a_killed_process_is_named_by_the_next_task(folder: dict[str, str]) -> None:
    """And one that is still at work is not called stopped."""
    read, write = os.pipe()
    named = "was stopped in the phase write"
    child = os.fork()
    if child == 0:

        class Silent(FakeWire):
            def run_command(self, shell_id: str, command: str) -> str:
                if self.commands == 1:
                    os.write(write, b"x")
                    signal.pause()
                return super().run_command(shell_id, command)

        try:
            run_task(port_reservations, Silent(FakeHost()), dict(folder))
        finally:
            os._exit(1)
    os.close(write)
    assert os.read(read, 1), "the child has not come as far"
    assert named not in str(run_task(port_reservations, FakeWire(FakeHost()), dict(folder), True)["warnings"])
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert named in run_task(port_reservations, FakeWire(FakeHost()), dict(folder), True)["warnings"][0]


def test_a_mistake_in_code_is_a_failure_with_what_was_done(
    folder: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = FakeHost()
    monkeypatch.setattr(reserve, "read_answer", lambda: None)
    result = run_task(port_reservations, FakeWire(host), dict(folder))
    assert host.reserved != FakeHost().reserved
    assert result["failed"] and result["changed"] is True
    assert "a bug in the collection" in result["msg"] and "TypeError" in result["msg"]
    assert (result["phase"], result["dns_may_be_stopped"]) == ("write", False)
    assert artifact(folder)["changed"] is True


@pytest.mark.parametrize("action", ALL, ids=lambda action: action.__name__.rpartition(".")[2])
def test_a_task_delegated_to_another_host_is_refused_before_connecting(action: ModuleType) -> None:
    host = FakeHost()
    with pytest.raises(AnsibleError, match="client01: delegate_to client02 is refused"):
        run_task(action, FakeWire(host), {}, delegate_to="client02")
    assert host.lines == []
    assert run_task(action, FakeWire(host), {}, True, delegate_to="client01")["msg"]


@pytest.mark.parametrize("action", ALL, ids=lambda action: action.__name__.rpartition(".")[2])
def test_a_connection_without_a_transport_is_refused_before_connecting(
    action: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = FakeHost()
    monkeypatch.setattr(FakeConnection, "transport", "local")
    with pytest.raises(AnsibleError, match=r"client01: .* need the connection plugin winrm, psrp or ssh, not local"):
        run_task(action, FakeWire(host), {})
    assert host.lines == []


@pytest.mark.parametrize(("action", "enough"), [(dns_restart, 2790), (host_reboot, 3600)])
def test_a_timeout_that_would_end_it_halfway_is_refused(action: ModuleType, enough: int) -> None:
    host = FakeHost()
    for check in (True, False):
        with pytest.raises(AnsibleError, match=f"client01.*timeout of {enough - 1} seconds.*{enough}"):
            run_task(action, FakeWire(host), {}, check, timeout=enough - 1)
    assert host.lines == []
    for timeout in (0, None, enough):
        run_task(action, FakeWire(host), {}, True, timeout=timeout)
