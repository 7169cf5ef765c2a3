# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configured value takes effect after a reboot, also after interrupted runs and on hosts that were in sync."""

from __future__ import annotations

from typing import Any

import pytest

ROLE = "portkeeper.windows_dns.reserve_ports"
RESERVE = "portkeeper.windows_dns.reserve_ports : Reserve the ports that other services need"
RESTART = "portkeeper.windows_dns.reserve_ports : Restart DNS in a guarded window"
REBOOT = "portkeeper.windows_dns.reserve_ports : Reboot where the settings wait for it"
VERIFY = "portkeeper.windows_dns.reserve_ports : Verify IPsec and the other services"
HOST_TASKS_MAX = 7


def done(run, task: str) -> dict[str, Any]:
    found = [result for name, result in run.results.items() if name.endswith(task.partition(" : ")[2] or task)]
    assert found, f"{task} not in {list(run.results)}: {run.stdout[-2000:]}{run.stderr}"
    return next(iter(found[0].values()))


@pytest.fixture
def role(controller):
    """Give a function that runs the role's playbook on a host."""

    def runs(host, *options: str, **variables: Any):
        extra = [part for name, value in variables.items() for part in ("-e", f"reserve_ports_{name}={value}")]
        return controller.playbook(ROLE, host.inventory, *extra, *options)

    return runs


@pytest.fixture
def module(controller):
    """Give a function that runs one module on a host and returns its result."""
    return controller.module


@pytest.fixture(scope="module")
def host(make_host):
    """Start a separate host."""
    return make_host("sbs2003", "--winrm", "full_chunks=true")


def test_a_reboot_is_refused_while_nothing_is_written(module, host) -> None:
    refused = module(host, "host_reboot", force=True)
    assert refused["_kind"] == "failed" and "ReservedPorts" in refused["msg"]
    assert module(host, "host_reboot", "--check", force=True)["_kind"] == "ok"


def test_a_run_that_was_cut_after_the_write_is_finished_by_the_next(role, module, host) -> None:
    """The first run ends where the handlers would begin."""
    first = module(host, "port_reservations")
    assert first["changed"] is True and first["reboot_required"] is True
    assert first["plan"]["live_conflicts"], "DNS holds 1645 and 4500"

    second = role(host)
    assert second.returncode == 0, second.stdout + second.stderr
    assert done(second, RESERVE)["before"] == {}, "nothing was left to write"
    assert done(second, RESTART)["changed"] is True and done(second, RESTART)["verified"] is True
    assert done(second, VERIFY)["_kind"] == "skipped", "the restart has proved it"

    third = role(host)
    assert third.returncode == 0
    assert [stats["changed"] for stats in third.stats.values()] == [0]
    result = done(third, RESERVE)
    assert result["changed"] is False
    assert result["reboot_required"] is True
    assert result["status"] == "pending_reboot"
    assert result["plan"]["effective"]["reserved_ports"] == "no"
    assert result["plan"]["risk"]["now"] != result["plan"]["risk"]["after_reload"]


def test_in_sync_but_ipsec_down_because_dns_holds_4500(role, host) -> None:
    """Somebody restarts DNS while IPsec is stopped: the old reservations still count, so DNS takes 4500 again."""
    host.exec("net stop PolicyAgent & net stop DNS /y & net start DNS & net start PolicyAgent", check=False)
    assert "10048" in host.exec("sc query PolicyAgent")
    run = role(host)
    assert run.returncode == 0, run.stdout + run.stderr
    assert done(run, RESERVE)["before"] == {}
    assert done(run, RESTART)["changed"] is True
    assert "RUNNING" in host.exec("sc query PolicyAgent")
    assert "RUNNING" in host.exec("sc query DNS")


def test_the_role_reboots_if_that_is_wanted_and_then_all_is_effective(role, host) -> None:
    check = role(host, "--check", reboot="if_required")
    assert check.returncode == 0
    assert "would reboot" in done(check, REBOOT)["msg"]
    run = role(host, reboot="if_required", reboot_timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    order = [name.rpartition(" : ")[2] for name in run.results]
    names = [task.rpartition(" : ")[2] for task in (RESERVE, REBOOT, VERIFY)]
    assert [name for name in order if name in names] == names
    assert done(run, REBOOT)["changed"] is True and done(run, REBOOT)["reboot_required"] is False
    assert done(run, VERIFY)["ok"] is True

    again = role(host, reboot="if_required")
    assert [stats["changed"] for stats in again.stats.values()] == [0]
    result = done(again, RESERVE)
    assert result["status"] == "safe" and result["reboot_required"] is False
    assert result["plan"]["effective"]["reserved_ports"] == "yes"
    assert result["plan"]["in_sync"] is True
    assert len(again.results) <= HOST_TASKS_MAX


def test_what_the_restart_has_not_proved_is_verified(controller, make_host) -> None:
    """SQL Server Browser runs without its port, which is another matter than the window's."""
    host = make_host("sbs2003", "--winrm", "full_chunks=true")
    host.exec(r"reg add HKLM\SYSTEM\CurrentControlSet\Services\SQLBrowser\Lab /v BindDelayMs /t REG_DWORD /d 600000 /f")
    host.exec("net stop SQLBrowser & net start SQLBrowser")
    run = controller.playbook(ROLE, host.inventory)
    assert run.returncode == 2, run.stdout
    assert done(run, RESTART)["changed"] is True and done(run, RESTART)["verified"] is False
    assert "SQLBrowser" in done(run, VERIFY)["msg"]


def test_a_later_notification_is_verified(controller, make_host) -> None:
    """What the restart has proved counts once: for the handlers that were notified with it."""
    host = make_host("sbs2003", "--winrm", "full_chunks=true")
    tasks = [
        {"ansible.builtin.import_role": {"name": ROLE}},
        {"ansible.builtin.meta": "flush_handlers"},
        {"ansible.builtin.command": "true", "delegate_to": "localhost", "notify": VERIFY.partition(" : ")[2]},
    ]
    for wanted in (tasks, tasks[-1:]):
        play = {"hosts": "all", "gather_facts": False, "tasks": wanted}
        role = {} if len(wanted) > 1 else {"roles": [{"role": ROLE, "tags": "never"}]}
        run = controller.playbook([{**play, **role}], host.inventory)
        assert run.returncode == 0, run.stdout + run.stderr
        assert done(run, VERIFY)["ok"] is True, "it was not skipped"
        assert len(wanted) == 1 or done(run, RESTART)["verified"] is True


def test_a_failed_run_puts_back_what_it_wrote(controller, make_host) -> None:
    """IAS cannot come up because somebody else holds its port, so the run fails after it wrote."""
    host = make_host("sbs2003", "--winrm", "full_chunks=true")
    before = host.exec(r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters /v ReservedPorts")
    host.exec(r"reg add HKLM\SYSTEM\CurrentControlSet\Services\IAS\Lab /v FailWith /t REG_DWORD /d 10048 /f")
    run = controller.playbook(ROLE, host.inventory, "-e", "reserve_ports_on_failure=rollback")
    assert run.returncode == 2, run.stdout
    failed = done(run, RESTART)
    assert failed["_kind"] == "failed" and failed["rolled_back"] is True, failed["msg"]
    after = host.exec(r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters /v ReservedPorts")
    assert after == before


def test_a_host_in_block_mode_stays_away_and_the_message_helps(module, make_host) -> None:
    host = make_host("sbs2003-block", "--winrm", "full_chunks=true")
    # It is cut off from its first boot on; at the console DNS goes down, so that IPsec gets its port.
    host.exec("net stop DNS /y & net start PolicyAgent & net start IAS & net start DNS", check=False)
    assert host.becomes("up")
    written = module(host, "port_reservations")
    assert written["_kind"] == "ok", written["msg"]
    # Somebody takes the reservation out again after the check and before the boot.
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\PolicyAgent\Lab"
    host.exec(f"reg add {key} /v FailWith /t REG_DWORD /d 10048 /f")
    away = module(host, "host_reboot", reboot_timeout=60)
    assert away["_kind"] == "failed"
    for word in ("60 seconds", "block", "4292", "console", "net start PolicyAgent", "rollback.cmd"):
        assert word in away["msg"], away["msg"]
