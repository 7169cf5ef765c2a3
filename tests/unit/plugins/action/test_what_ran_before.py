# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopped services run again, nothing is stopped that cannot, and nothing is waited for that never ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_reservations,
    port_verify,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import reboot
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import Clock, run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    MARK,
    RUNNING,
    STOPPED,
    FakeHost,
    Service,
    _key,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

START_PENDING = 2
ACTIONS = {
    "dns_restart": dns_restart,
    "host_reboot": host_reboot,
    "port_reservations": port_reservations,
    "port_verify": port_verify,
}
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def host() -> FakeHost:
    """A host in order; the window is one that is asked for."""
    return FakeHost(
        services={"DNS": Service(RUNNING, 1484), "IAS": Service(RUNNING, 1600)},
        udp=[(53, 1484), *((port, 1600) for port in (1645, 1646, 1812, 1813))],
    )


@pytest.fixture
def run(host: FakeHost) -> Run:
    def runs(name: str, check: bool = False, **options: Any) -> dict[str, Any]:
        return run_task(ACTIONS[name], FakeWire(host), options, check)

    return runs


@pytest.mark.parametrize("name", ["DNS", "WINS"])
def test_what_is_disabled_is_not_stopped(run: Run, host: FakeHost, name: str) -> None:
    host.dependents = ["WINS"]
    host.services["WINS"] = Service(RUNNING, 1700)
    host.services[name].start = 4
    told = run("dns_restart", check=True, force=True)
    assert told["changed"] is False and "failed" not in told
    assert f"would open no window, because {name} is disabled" in told["msg"]
    refused = run("dns_restart", force=True)
    assert refused["failed"] is True and refused["changed"] is False and refused["phase"] == "restart"
    assert refused["dns_may_be_stopped"] is False
    assert f"because {name} is disabled (Start 4), and nothing is stopped that could not be" in refused["msg"]
    assert not any("net" in line and "stop DNS" in line for line in host.lines)
    assert host.services["DNS"].pid == 1484


def test_a_paused_dns_is_not_touched(run: Run, host: FakeHost) -> None:
    host.services["DNS"].state = 7
    told = run("dns_restart", force=True)
    assert told["changed"] is False and "DNS does not run: no window is opened" in told["msg"]
    assert not any("stop DNS" in line for line in host.lines)
    assert (host.services["DNS"].state, host.services["DNS"].pid) == (7, 1484)


def test_a_disabled_service_that_does_not_run_is_no_obstacle(run: Run, host: FakeHost) -> None:
    host.dependents = ["WINS"]
    host.services["WINS"] = Service(STOPPED, 0, 1077, 4)
    assert run("dns_restart", force=True)["changed"] is True


def test_a_service_that_never_started_does_not_delay_a_window(run: Run, host: FakeHost, clock: Clock) -> None:
    host.services["PolicyAgent"] = Service(STOPPED, 0, 1077)
    result = run("dns_restart", force=True)
    assert result["changed"] is True and "failed" not in result, result["msg"]
    assert clock.slept == 0


def test_a_window_waits_for_what_ran(run: Run, host: FakeHost, clock: Clock) -> None:
    host.dependents = ["WINS"]
    host.services["WINS"] = Service(RUNNING, 1700)
    window = host._do_window

    def slowly() -> None:
        window()
        host.services["WINS"] = Service(START_PENDING, 1701)

    host._do_window = slowly  # type: ignore[method-assign]
    clock.then[20] = lambda: host.services.update(WINS=Service(RUNNING, 1701))
    result = run("dns_restart", force=True)
    assert result["changed"] is True and "failed" not in result, result["msg"]
    assert clock.slept == 20
    host.services["WINS"] = Service(RUNNING, 1700)
    late = run("dns_restart", force=True)
    assert late["failed"] is True and "WINS ran before and did not start again" in late["msg"]
    assert late["dns_may_be_stopped"] is False


def test_what_a_window_left_down_is_started_by_the_next_run(run: Run, host: FakeHost) -> None:
    host.services["DNS"] = Service(STOPPED, 0)
    host.services["WINS"] = Service(STOPPED, 0)
    host.services["IAS"] = Service(STOPPED, 0)
    host.state["ran_before"] = {"value": "DNS,WINS", "boot_mark": MARK}
    told = run("dns_restart", check=True)
    assert told["changed"] is True and "DNS, WINS ran before a window that did not start it again" in told["msg"]
    result = run("dns_restart")
    assert result["changed"] is True and "failed" not in result, result["msg"]
    assert host.services["DNS"].state == RUNNING and host.services["WINS"].state == RUNNING
    assert host.services["IAS"].state == STOPPED, "what somebody stopped by hand stays so"
    assert "ran_before" not in host.state


def test_what_is_ignored_is_not_owed_any_more(run: Run, host: FakeHost) -> None:
    host.services["WINS"] = Service(STOPPED, 0)
    host.state["ran_before"] = {"value": "DNS,WINS", "boot_mark": MARK}
    ignored = run("dns_restart", force=True, ignore_services=["wins"])
    assert ignored["changed"] is True and "failed" not in ignored, ignored["msg"]
    assert host.services["WINS"].state == STOPPED and "ran_before" not in host.state


def test_a_record_without_a_process_does_not_restart_dns_for_ever(run: Run, host: FakeHost) -> None:
    host.pool_size, host.sc_works = 2500, False
    host.state["socket_pool_size"] = {"value": "2500", "boot_mark": MARK}
    assert run("dns_restart", socket_pool_size=2500)["changed"] is True
    assert host.state["socket_pool_size"] == {"value": "2500", "boot_mark": MARK, "dns_pid": "1484"}
    pid = host.services["DNS"].pid
    assert run("dns_restart", socket_pool_size=2500)["changed"] is False
    assert host.services["DNS"].pid == pid


def test_verify_waits_for_dns_and_tells_the_rest_at_once(run: Run, host: FakeHost, clock: Clock) -> None:
    host.services["PolicyAgent"] = Service(STOPPED, 0, 1077)
    run("port_verify")
    assert clock.slept == 0
    host.services["DNS"] = Service(START_PENDING, 1484)
    clock.then[10] = lambda: host.services.update(DNS=Service(RUNNING, 1484))
    run("port_verify")
    assert clock.slept == 10


def test_verify_waits_for_what_ran_before_a_window(run: Run, host: FakeHost, clock: Clock) -> None:
    host.services["PolicyAgent"] = Service(STOPPED, 0, 1077)
    run("port_verify")
    assert clock.slept == 0
    host.state["ran_before"] = {"value": "PolicyAgent", "boot_mark": MARK}
    run("port_verify", timeout=30)
    assert clock.slept == 25


class BootingHost(FakeHost):
    """A host that reboots when it is asked to."""

    mark = MARK
    after: Callable[[], None] = staticmethod(lambda: None)

    def _on_boot(self) -> tuple[str, int]:
        key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Windows"
        return _key(key, ("ShutdownTime", "REG_BINARY", self.mark)), 1

    def _on_reboot(self) -> tuple[str, int]:
        self.mark = "00112233445566FF"
        self.after()
        return "", 0


class TestReboot:
    """A boot is proved when what ran before has come up, and not before."""

    @pytest.fixture
    def host(self) -> FakeHost:
        return BootingHost(
            services={"DNS": Service(RUNNING, 1484), "IAS": Service(RUNNING, 1600)},
            udp=[(53, 1484), *((port, 1600) for port in (1645, 1646, 1812, 1813))],
        )

    @pytest.fixture(autouse=True)
    def written(self, host: FakeHost, run: Run) -> None:
        run("port_reservations")

    def test_it_is_not_proved_too_early(self, run: Run, host: BootingHost, clock: Clock) -> None:
        def boots() -> None:
            host.services["IAS"] = Service(STOPPED, 0, 1077)
            clock.then[clock.slept + 60] = lambda: host.services.update(IAS=Service(START_PENDING, 0))
            clock.then[clock.slept + 90] = lambda: host.services.update(IAS=Service(RUNNING, 1600))

        host.after = boots
        done = run("host_reboot", force=True)
        assert done["changed"] is True and "failed" not in done, done["msg"]
        assert clock.slept >= 90

    def test_what_failed_before_is_waited_for(self, run: Run, host: BootingHost, clock: Clock) -> None:
        host.services["IAS"] = Service(STOPPED, 0, 10048)

        def boots() -> None:
            host.services["IAS"] = Service(STOPPED, 0, 1077)
            clock.then[clock.slept + 60] = lambda: host.services.update(IAS=Service(RUNNING, 1600))

        host.after = boots
        done = run("host_reboot", force=True)
        assert "failed" not in done, done["msg"]
        assert clock.slept >= 60

    @pytest.mark.parametrize("name", ["DNS", "WINS"])
    def test_what_is_disabled_would_not_come_back(self, run: Run, host: BootingHost, name: str) -> None:
        host.dependents = ["WINS"]
        host.services["WINS"] = Service(RUNNING, 1700)
        host.services[name].start = 4
        told = run("host_reboot", check=True, force=True)
        assert told["changed"] is False and "failed" not in told
        assert f"would not reboot, because {name} is disabled (Start 4), and nothing is stopped" in told["msg"]
        refused = run("host_reboot", force=True)
        assert refused["failed"] is True and refused["changed"] is False and refused["dns_may_be_stopped"] is False
        assert f"was not rebooted: {name} is disabled (Start 4)" in refused["msg"]
        assert host.mark == MARK and not any("shutdown" in line for line in host.lines)

    def test_a_disabled_dns_that_does_not_run_is_no_obstacle(self, run: Run, host: BootingHost) -> None:
        host.services["DNS"] = Service(STOPPED, 0, 0, 4)
        done = run("host_reboot", force=True)
        assert done["changed"] is True and "failed" not in done, done["msg"]

    def test_a_host_without_dns_may_be_rebooted(self, run: Run, host: BootingHost) -> None:
        del host.services["DNS"]
        host._on_dns_dependents = lambda: ("", 1060)  # type: ignore[method-assign]
        done = run("host_reboot", force=True)
        assert done["changed"] is True and "failed" not in done, done["msg"]

    def test_what_does_not_come_is_named(self, run: Run, host: BootingHost, clock: Clock) -> None:
        host.after = lambda: host.services.update(IAS=Service(STOPPED, 0, 1077))
        failed = run("host_reboot", force=True, verify_timeout=60)
        assert failed["failed"] is True and "IAS" in failed["msg"] and failed["dns_may_be_stopped"] is False

    def test_what_never_starts_delays_nothing(self, run: Run, host: BootingHost, clock: Clock) -> None:
        host.services["PolicyAgent"] = Service(STOPPED, 0, 1077)
        done = run("host_reboot", force=True)
        assert "failed" not in done, done["msg"]
        assert clock.slept <= 2 * reboot.PAUSE_S
