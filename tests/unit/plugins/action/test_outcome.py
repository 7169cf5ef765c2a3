# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that changed the host says so and leaves no lock, even if something fails afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_reservations,
    port_rollback,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import action
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.test_way_back import LivelyHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import Service
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ACTIONS = {
    "dns_restart": dns_restart,
    "host_reboot": host_reboot,
    "port_reservations": port_reservations,
    "port_rollback": port_rollback,
}
Run = Callable[..., dict[str, Any]]


class BlindHost(LivelyHost):
    """A host whose answers are cut from some moment on: it cannot be read any more."""

    blind_after: str = ""
    blind: bool = False

    def answer(self, line: str) -> bytes:
        whole = super().answer(line)
        collects = "begin computer_name" in line
        told = whole if not (self.blind and collects) else whole[: len(whole) // 2]
        self.blind = self.blind or bool(self.blind_after and self.blind_after in line)
        return told


@pytest.fixture
def host() -> BlindHost:
    return BlindHost(services={"DNS": Service(4, 1484), "IAS": Service(4, 1600)}, udp=[(53, 1484), *(
        (port, 1600) for port in (1645, 1646, 1812, 1813))])  # fmt: skip


@pytest.fixture
def run(host: BlindHost, tmp_path: Path) -> Run:
    def runs(name: str, **options: Any) -> dict[str, Any]:
        options = {"artifacts_dir": str(tmp_path / "artifacts"), "run_id": "night", **options}
        return run_task(ACTIONS[name], FakeWire(host), options)

    return runs


def artifact(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "artifacts" / "night" / "client01.json").read_text(encoding="utf-8"))
    return found


def test_a_reboot_whose_last_look_fails_is_a_change(run: Run, host: BlindHost, tmp_path: Path) -> None:
    run("port_reservations")
    host.blind_after = "shutdown.exe"
    failed = run("host_reboot", verify_timeout=10)
    assert failed["failed"] is True and failed["changed"] is True
    assert failed["phase"] == "verify" and failed["dns_may_be_stopped"] is True, "nobody has seen it run"
    assert host.locks is None
    assert artifact(tmp_path)["would_change"] is True


def test_a_reboot_that_the_host_does_not_come_back_from_is_a_change(run: Run, host: BlindHost, tmp_path: Path) -> None:
    run("port_reservations")
    answer, off = host.answer, []

    def stays_away(line: str) -> bytes:
        if off:
            raise ConnectionResetError("gone")
        off.extend(["off"] if "shutdown.exe" in line else [])
        return answer(line)

    host.answer = stays_away  # type: ignore[method-assign]
    failed = run("host_reboot", reboot_timeout=60)
    assert "did not come back" in failed["msg"] and failed["changed"] is True
    assert failed["dns_may_be_stopped"] is True
    assert artifact(tmp_path)["would_change"] is True


def test_a_restart_whose_last_look_fails_is_a_change(run: Run, host: BlindHost, tmp_path: Path) -> None:
    host.blind, host.blind_after = False, "schtasks.exe /run"
    failed = run("dns_restart", force=True, window_timeout=60)
    assert failed["failed"] is True and failed["changed"] is True, failed["msg"]
    assert failed["dns_may_be_stopped"] is False, "the window ended with DNS running"
    assert artifact(tmp_path)["would_change"] is True


@pytest.mark.parametrize(("policy", "restored"), [("rollback", True), ("keep", False)])
def test_a_full_disk_after_the_write_takes_nothing_away(
    run: Run, host: BlindHost, monkeypatch: pytest.MonkeyPatch, policy: str, restored: bool
) -> None:
    write_json = action.write_json

    def full(*args: Any, **options: Any) -> None:
        if host.reserved == ["3343-3343"]:
            write_json(*args, **options)
            return
        raise AnsibleError("The file x could not be written on the controller: No space left on device.")

    monkeypatch.setattr(action, "write_json", full)
    failed = run("port_reservations", on_failure=policy)
    assert failed["failed"] is True and failed["changed"] is True
    assert "No space left" in failed["msg"]
    assert failed["backup"]["id"] and failed["phase"] == "verify" and failed["dns_may_be_stopped"] is False
    assert (host.reserved == ["3343-3343"]) is restored
    assert failed.get("rolled_back", False) is restored


def test_a_write_whose_answer_was_cut_may_be_a_change(run: Run, host: BlindHost) -> None:
    host.drop_sections = {"write"}
    failed = run("port_reservations")
    assert failed["failed"] is True and failed["changed"] is True and failed["backup"]["id"]


def test_a_backup_that_was_put_back_is_a_change_even_if_it_cannot_be_read(run: Run, host: BlindHost) -> None:
    run("port_reservations")
    host.drop_sections = {"write"}
    failed = run("port_rollback")
    assert failed["failed"] is True and failed["changed"] is True and failed["backup"]["id"]
