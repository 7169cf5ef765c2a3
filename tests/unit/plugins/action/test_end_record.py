# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every task that writes removes services that run again from the host's record; the others reach the role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_reservations,
    port_rollback,
    port_verify,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.test_way_back import LivelyHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    MARK,
    RUNNING,
    STOPPED,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ACTIONS = {
    "dns_restart": dns_restart,
    "host_reboot": host_reboot,
    "port_reservations": port_reservations,
    "port_rollback": port_rollback,
    "port_verify": port_verify,
}
WRITERS = ("port_reservations", "dns_restart", "host_reboot", "port_rollback")
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def host() -> LivelyHost:
    """A host in order, whose last window was cut off: all of it runs again, and the record is still there."""
    return LivelyHost(
        services={"DNS": Service(RUNNING, 1484), "IAS": Service(RUNNING, 1600), "WINS": Service(RUNNING, 1700)},
        udp=[(53, 1484), *((port, 1600) for port in (1645, 1646, 1812, 1813))],
    )


@pytest.fixture
def run(host: LivelyHost) -> Run:
    def runs(name: str, check: bool = False, **options: Any) -> dict[str, Any]:
        return run_task(ACTIONS[name], FakeWire(host), options, check)

    # There is a backup to go back to, and the host is as the policy wants it.
    assert "failed" not in runs("port_reservations", extra_ports=["47000"])
    host.mark = "00112233445566FE"
    host.state["ran_before"] = {"value": "DNS,WINS", "boot_mark": MARK}
    return runs


def options(name: str) -> dict[str, Any]:
    return {"extra_ports": ["47000"]} if name in ("port_reservations", "host_reboot") else {}


@pytest.mark.parametrize("name", WRITERS)
def test_each_task_that_writes_ends_what_runs_again(run: Run, host: LivelyHost, name: str) -> None:
    if name == "port_rollback":
        assert run(name)["changed"] is True
        host.state["ran_before"] = {"value": "DNS,WINS", "boot_mark": MARK}
    told = run(name, check=True, **options(name))
    assert told["changed"] is True and "DNS, WINS ran before a window, and run again" in told["msg"]
    assert (
        "Would remove services from the host's record" in told["msg"]
        and host.state["ran_before"]["value"] == "DNS,WINS"
    )
    done = run(name, **options(name))
    assert (
        done["changed"] is True and "failed" not in done and "Removed services from the host's record" in done["msg"]
    ), done["msg"]
    assert "ran_before" not in host.state and host.locks is None
    assert not any(action["action"] == "end_record" for action in done["plan"]["actions"])
    again = run(name, **options(name))
    assert again["changed"] is False and "ran before a window" not in again["msg"], again["msg"]
    assert host.services["DNS"].pid == 1484


def test_what_a_reboot_brought_up_is_not_owed_any_more(run: Run, host: LivelyHost) -> None:
    host.services["WINS"] = Service(STOPPED, 0, 1077)
    boot = host._on_reboot

    def boots() -> tuple[str, int]:
        host.services["WINS"] = Service(RUNNING, 1700)
        return boot()

    host._on_reboot = boots  # type: ignore[method-assign]
    done = run("host_reboot", force=True, extra_ports=["47000"])
    assert done["changed"] is True and "failed" not in done, done["msg"]
    assert "ran_before" not in host.state and host.locks is None


def test_a_rollback_that_writes_ends_the_record_too(run: Run, host: LivelyHost) -> None:
    done = run("port_rollback")
    assert done["changed"] is True and host.reserved == ["3343-3343"] and "ran_before" not in host.state


def test_what_still_does_not_run_stays_on_record_and_is_started(run: Run, host: LivelyHost) -> None:
    host.services["WINS"] = Service(STOPPED, 0, 1077)
    reserved = run("port_reservations", extra_ports=["47000"])
    assert reserved["changed"] is True, "the role's handlers are reached"
    assert host.state["ran_before"]["value"] == "WINS"
    (start,) = reserved["plan"]["actions"]
    assert (start["action"], start["services_to_start"]) == ("start_services", ["WINS"])
    assert host.services["WINS"].state == STOPPED
    restarted = run("dns_restart", extra_ports=["47000"])
    assert restarted["changed"] is True and "failed" not in restarted, restarted["msg"]
    assert host.services["WINS"].state == RUNNING and host.services["DNS"].pid == 1484
    assert "ran_before" not in host.state
    for name in ("port_reservations", "dns_restart"):
        assert run(name, extra_ports=["47000"])["changed"] is False


def test_a_window_starts_what_an_earlier_one_left_down(run: Run, host: LivelyHost) -> None:
    host.services["WINS"] = Service(STOPPED, 0, 1077)
    done = run("dns_restart", force=True, extra_ports=["47000"], socket_pool_size=2500)
    assert done["changed"] is True and "failed" not in done, done["msg"]
    assert host.services["WINS"].state == RUNNING and "ran_before" not in host.state


@pytest.mark.parametrize("gone", [False, True])
def test_an_entry_ends_when_the_service_is_gone_or_ignored(run: Run, host: LivelyHost, gone: bool) -> None:
    host.services["WINS"] = Service(STOPPED, 0, 1077)
    if gone:
        del host.services["WINS"]
    done = run("port_reservations", extra_ports=["47000"], ignore_services=[] if gone else ["wins"])
    assert done["changed"] is True and "ran_before" not in host.state
    assert done["plan"]["status"] != "drifted" and not done["plan"]["settings"]


def test_a_record_that_only_has_to_end_is_no_alarm(run: Run, host: LivelyHost) -> None:
    before = run("port_reservations", check=True, extra_ports=["47000"])["plan"]
    run("port_reservations", extra_ports=["47000"])
    after = run("port_reservations", check=True, extra_ports=["47000"])["plan"]
    assert (before["status"], before["in_sync"]) == (after["status"], after["in_sync"])


def test_readers_and_check_mode_write_nothing(run: Run, host: LivelyHost) -> None:
    run("port_verify")
    for name in WRITERS:
        run(name, check=True, **options(name))
    assert host.state["ran_before"]["value"] == "DNS,WINS"


@pytest.mark.parametrize("name", WRITERS)
def test_a_record_that_cannot_be_written_fails_and_tells_what_was_done(run: Run, host: LivelyHost, name: str) -> None:
    kept = host.state["ran_before"]
    write = host._on_write

    def written() -> tuple[str, int]:
        answer = write()
        host.state["ran_before"] = kept
        return answer

    host._on_write = written  # type: ignore[method-assign]
    failed = run(name, **options(name))
    assert failed["failed"] is True and failed["changed"] is True
    assert "does not show the record that was written" in failed["msg"]
    assert (failed["backup"] is not None) is (name == "port_rollback")
