# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While an error must be settled first, no action carries a plan out, and check mode does not promise it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    offline_kit,
    port_plan,
    port_reservations,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import Gathered
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import restart
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.action import Job, Planned, planned
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    MARK,
    RUNNING,
    STOPPED,
    FakeHost,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ACTIONS = {
    "dns_restart": dns_restart,
    "host_reboot": host_reboot,
    "offline_kit": offline_kit,
    "port_plan": port_plan,
    "port_reservations": port_reservations,
}
TRANSCRIPT = Path(__file__).parents[2] / "captures" / "transcript-sbs2003.txt"
REFUSED = {"dynamic_port_range": {"start": 49152, "count": 16384}}
SETTLED = "nothing is written before this is settled: dynamic_port_range is for Windows Vista and later"
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def run(host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def runs(name: str, check: bool = False, **options: Any) -> dict[str, Any]:
        return run_task(ACTIONS[name], FakeWire(host), options, check)

    return runs


@pytest.mark.parametrize("check", [True, False])
def test_the_kit_has_no_scripts_and_says_why(run: Run, tmp_path: Path, check: bool) -> None:
    kit = {"client": "client01", "dest": "carry", "transcripts": str(TRANSCRIPT), "artifacts_dir": "artifacts"}
    assert "SBSERVER/apply.cmd" in run("offline_kit", check, **kit)["files"]
    made = run("offline_kit", check, **kit, **REFUSED)
    assert [name for name in made["files"] if "/" in name] == ["SBSERVER/plan.txt"]
    (row,) = made["hosts"]
    assert row["msg"].startswith(f"no scripts: {SETTLED}") and row["files"] == ["plan.txt"]
    assert [text for text in made["warnings"] if text.startswith(f"No scripts for SBSERVER: {SETTLED}")]
    if not check:
        plan = (tmp_path / "carry/client01/SBSERVER/plan.txt").read_text(encoding="ascii")
        assert f"No scripts were made: {SETTLED}" in plan and "What would be written, and why:" in plan
        assert "it is of an earlier transcript: do not run it" in plan


def test_the_plan_of_a_transcript_says_it(run: Run) -> None:
    assert SETTLED in run("port_plan", transcript_path=str(TRANSCRIPT), **REFUSED)["msg"]


def test_nothing_is_written_and_the_diff_of_check_mode_says_so(run: Run, host: FakeHost) -> None:
    told = run("port_reservations", check=True, **REFUSED)
    assert "failed" not in told and told["diff"]["after"].startswith(f"# {SETTLED}")
    assert run("port_reservations", **REFUSED)["failed"] is True
    assert host.reserved == ["3343-3343"]


def test_no_reboot_for_what_would_not_be_written_before(run: Run, host: FakeHost) -> None:
    told = run("host_reboot", check=True, **REFUSED)
    assert told["changed"] is False
    assert f"would not reboot, because ReservedPorts is not written yet, and {SETTLED}" in told["msg"]
    refused = run("host_reboot", **REFUSED)
    assert refused["failed"] is True
    assert f"was not rebooted: ReservedPorts is not written yet, and {SETTLED}" in refused["msg"]
    assert not any("begin reboot" in line for line in host.lines)


def test_a_window_that_is_due_but_refused_is_no_window_that_is_not_due(run: Run, host: FakeHost) -> None:
    host.services["DNS"].start = 4
    told = run("dns_restart", check=True)
    assert told["changed"] is False and "failed" not in told
    assert "would open no window, because DNS is disabled" in told["msg"]
    refused = run("dns_restart")
    assert (
        refused["failed"] is True and "No window was opened" in refused["msg"] and "DNS is disabled" in refused["msg"]
    )
    assert not any("stop DNS" in line for line in host.lines)


def test_a_start_of_services_does_not_hide_that_a_window_is_refused(run: Run, host: FakeHost) -> None:
    host.services["DNS"].start = 4
    host.services["WINS"] = Service(STOPPED, 0)
    host.state["ran_before"] = {"value": "DNS,WINS", "boot_mark": MARK}
    told = run("dns_restart", check=True)
    assert told["changed"] is True and "failed" not in told
    assert "would start services, because WINS ran before" in told["msg"]
    assert "No window would be opened, because DNS is disabled" in told["msg"]
    done = run("dns_restart")
    assert host.services["WINS"].state == RUNNING
    assert done["failed"] is True and done["changed"] is True and done["phase"] == "restart"
    assert done["dns_may_be_stopped"] is False
    assert "services were started, but no window was opened, because DNS is disabled" in done["msg"]


@pytest.fixture
def exclusions_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window that is due would exclude a port, too."""

    def with_exclusions(gathered: Gathered, job: Job) -> Planned:
        found = planned(gathered, job)
        actions = tuple(
            replace(action, deferred={"excluded_udp4": ("47000-47000",)}) if action.name == "dns_window" else action
            for action in found.plan.actions
        )
        return replace(found, plan=replace(found.plan, actions=actions))

    monkeypatch.setattr(restart, "planned", with_exclusions)


@pytest.mark.usefixtures("exclusions_wait")
def test_exclusions_that_are_blocked_keep_no_service_down(run: Run, host: FakeHost) -> None:
    told = run("dns_restart", check=True, **REFUSED)
    assert told["changed"] is True and "would restart DNS in a guarded window, because UDP 4500" in told["msg"]
    assert f"No ports would be excluded, because {SETTLED}" in told["msg"]
    done = run("dns_restart", **REFUSED)
    assert host.services["PolicyAgent"].state == RUNNING
    assert not any("excludedportrange" in line and "add" in line for line in host.lines)
    assert done["failed"] is True and done["changed"] is True and done["phase"] == "restart"
    assert done["dns_may_be_stopped"] is False
    assert f"DNS was restarted in a guarded window, but no ports were excluded, because {SETTLED}" in done["msg"]


def test_a_window_that_writes_nothing_still_brings_up_what_lost_its_port(run: Run, host: FakeHost) -> None:
    assert host.services["PolicyAgent"].state == STOPPED
    done = run("dns_restart", **REFUSED)
    assert done["changed"] is True, done["msg"]
    assert host.services["PolicyAgent"].state == RUNNING
    assert host.reserved == ["3343-3343"]
