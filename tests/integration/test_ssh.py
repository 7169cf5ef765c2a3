# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin ssh on lab hosts, behind Debian's OpenSSH server, with cmd and PowerShell as default shell."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from documented import documented
from held_write import WRITES, behind_write, eventually, owners_of_lock, write_held
from linux_host import debian
from only_dns import only_dns
from over_each import QUICK
from whole_cycle import slow_window

DNS = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
WRONG = "not-the-Passw0rd"
NAME = "dc2019.example.test"
POLICY = {"socket_pool_size": 2500, "extra_ports": ["51820"]}
SENT_FIRST = 3
"""The step of a session at which the first command is sent: cmd.exe and a line that does nothing come before it."""


def over_ssh(host, folder: Path, **variables: Any):
    """Return the host with the documented inventory for ssh, for the lab; a variable that is None is left out."""
    mine = host.variables("ssh")
    chosen = {
        **documented(mine, ansible_connection="ssh"),
        "ansible_shell_type": mine["ansible_shell_type"],
        **variables,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    path = folder / "ssh.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {host.name: given}}}), encoding="utf-8")
    return replace(host, inventory=path)


@pytest.fixture(scope="module")
def plain(make_host):
    """Start a Server 2019 with an SSH server."""
    return make_host("2019-dc", "--ssh", "--winrm", "full_chunks=true")


@pytest.fixture(scope="module")
def host(plain, tmp_path_factory):
    """Give the same host, reached over ssh with a key; ssh keeps its connections in the folder of the inventory."""
    folder = tmp_path_factory.mktemp("ssh")
    return over_ssh(plain, folder, ansible_control_path_dir=str(folder))


@pytest.fixture
def run(controller, host):
    """Give a function that runs one module with arguments and returns its result."""
    return partial(controller.module, host)


@pytest.fixture
def small(make_host, request, tmp_path_factory):
    """Give a host that answers quickly, reached over ssh, with no faults left in its server."""
    if not hasattr(request.module, "SMALL"):
        request.module.SMALL = make_host("2003-member", "--ssh")
    request.module.SMALL.ssh(op="clear_faults")
    request.module.SMALL.ssh(op="reset_counters")
    return over_ssh(request.module.SMALL, tmp_path_factory.mktemp("small"), ansible_ssh_args="")


def configured(host) -> str:
    """Return what DNS and TCP/IP are told about ports."""
    return "".join(host.exec(f"reg query {key}", check=False) for key in (DNS, TCPIP))


def done(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a task that must have succeeded."""
    assert result["_kind"] == "ok", result["msg"]
    return result


def assert_one_sentence(result: dict[str, Any], kind: str, *words: str) -> None:
    assert result["_kind"] == kind, result
    assert "\n" not in result["msg"].strip()
    for word in words:
        assert word in result["msg"], result["msg"]


def test_facts_and_plan_equal_those_of_winrm(controller, plain, host, tmp_path) -> None:
    """Also where the inventory names the other kind of shell: the collection starts cmd.exe by itself."""
    plain.ssh(op="reset_counters")
    over_winrm, *over_it = [done(controller.module(way, "port_info")) for way in (plain, host)]
    counted = {"connections": 1, "sessions": 1, "lines": 3, "further_lines": 2}
    assert plain.ssh(op="counters") == counted, "a line, and two for the reading"
    other = over_ssh(plain, tmp_path, ansible_shell_type="powershell")
    over_it.append(done(controller.module(other, "port_info")))
    for reading in over_it:
        assert {**reading["facts"], "collected": None} == {**over_winrm["facts"], "collected": None}
        assert reading["problems"] == over_winrm["problems"]


@pytest.mark.parametrize("scenario", ["2008r2-sbs2011-fr", "2025-ja"])
def test_another_language_in_the_code_page_of_its_console(controller, make_host, tmp_path, scenario: str) -> None:
    """WinRM answers in the code page that is asked for, and ssh in the console's."""
    started = make_host(scenario, "--ssh")
    over_winrm, over_it = [
        done(controller.module(way, "port_info")) for way in (started, over_ssh(started, tmp_path, ansible_ssh_args=""))
    ]
    assert {**over_it["facts"], "collected": None} == {**over_winrm["facts"], "collected": None}
    assert over_it["problems"] == over_winrm["problems"] and over_it["plan"] == over_winrm["plan"]


def test_check_change_second_run_drift_verify_rollback_and_reboot(run, host) -> None:
    """The connection that ssh keeps for later tasks is alive when the host goes down."""
    untouched = configured(host)
    check = done(run("port_reservations", "--check", "--diff", **POLICY))
    assert check["changed"] is True and configured(host) == untouched
    first = done(run("port_reservations", "--diff", **POLICY))
    assert first["changed"] is True and first["diff"] == check["diff"]
    written = configured(host)
    assert written != untouched
    done(run("dns_restart", **POLICY))
    kept = [path for path in host.inventory.parent.iterdir() if path.is_socket()]
    assert kept, "ssh keeps its connection"
    rebooted = done(run("host_reboot", force=True, **POLICY))
    assert rebooted["changed"] is True
    second = done(run("port_reservations", **POLICY))
    assert second["changed"] is False, second["msg"]

    host.exec(f"reg add {DNS} /v SocketPoolSize /t REG_DWORD /d 700 /f")
    drifted = done(run("port_reservations", "--check", **POLICY))
    assert drifted["changed"] is True and drifted["before"] == {"socket_pool_size": 700}
    assert done(run("port_reservations", **POLICY))["changed"] is True
    assert configured(host) == written

    done(run("port_verify", **POLICY))
    assert run("port_rollback", backup=first["backup"]["id"])["_kind"] == "failed", "somebody else's value is between"
    assert done(run("port_rollback", backup=first["backup"]["id"], force=True))["changed"] is True
    assert configured(host) == untouched


def restart_by_name(controller, host, folder: Path) -> dict[str, Any]:
    """Restart DNS where only it resolves the host's name: the connection is lost in the window, and made again.

    DNS is slow to start, and still down when it is made again. Only the look-up at the beginning asks for the name.
    """
    variables = host.variables("ssh")
    where = folder / "by-name"
    where.mkdir()
    known = where / "known_hosts"
    line = Path(_known_hosts(variables)).read_text(encoding="ascii")
    known.write_text(line.replace("[127.0.0.1]", f"[{NAME}]"), encoding="ascii")
    named = over_ssh(host, where, ansible_host=NAME, ansible_ssh_common_args=f"-o UserKnownHostsFile={known}")
    with only_dns(host, NAME, controller) as (names, inside):
        host.ssh(op="reset_counters")
        host.ssh(op="fault", kind="drop_after", step=SENT_FIRST + 4)
        restarted = inside.module(named, "dns_restart", force=True, window_timeout=60)
        fired = [rule["fired"] for rule in host.ssh(op="faults")["faults"]]
        host.ssh(op="clear_faults")
    assert fired == [1] and host.ssh(op="counters")["sessions"] > 1
    assert (names.answered, names.failed) == (1, 0), "nobody asked for the name again, up or down"
    return done(restarted)


@pytest.mark.parametrize("shell", ["powershell", "powershell-reads-stdin"])
def test_powershell_as_the_default_shell(controller, make_host, tmp_path, shell: str) -> None:
    """Check, change, a window and a second run; an early server that cuts commands does no harm to so short a one."""
    options = ("--ssh", "--ssh-default-shell", shell, "--ssh-cut-commands", "260")
    started = make_host("2019-dc", *options)
    other = over_ssh(started, tmp_path, ansible_ssh_args="", ansible_shell_type="cmd")
    done(controller.module(other, "port_info"))
    host = over_ssh(started, tmp_path, ansible_ssh_args="")
    assert host.variables("ssh")["ansible_shell_type"] == "powershell"
    slow_window(host)
    run = partial(controller.module, host)
    check = done(run("port_reservations", "--check", "--diff", **POLICY))
    first = done(run("port_reservations", "--diff", **POLICY))
    assert first["changed"] is True and first["diff"] == check["diff"]
    window = restart_by_name(controller, host, tmp_path)
    assert window["changed"] is True and {"step": "stop_dns", "error_level": 0} in window["steps"]
    assert done(run("port_reservations", **POLICY))["changed"] is False


@pytest.mark.parametrize(
    ("kept", "kind", "words"),
    [
        (20, "unreachable", ("did not answer in time", "cmd.exe has started")),
        (300, "failed", ("did not finish a command in the time",)),
    ],
    ids=["before-the-first-command", "within-the-first-command"],
)
def test_an_early_server_that_truncates_its_input(controller, make_host, tmp_path, kept: int, kind: str, words) -> None:
    """The missing end mark shows it. The line that was cut is an open parenthesis for cmd, which does not run it."""
    options = ("--ssh", "--ssh-cut-input", str(kept))
    host = over_ssh(make_host(str(QUICK), *options), tmp_path, ansible_ssh_args="")
    untouched = configured(host)
    result = controller.module(host, "port_reservations", command_timeout=10, **POLICY)
    assert_one_sentence(result, kind, *words, "no end mark", "truncates its input", "ansible_connection=winrm")
    assert kind == "unreachable" or result["phase"] == "read"
    assert result["changed"] is False
    assert configured(host) == untouched
    assert host.exec(r"if not exist %SystemRoot%\portkeeper echo none").strip() == "none"


def test_a_name_that_only_the_stopped_dns_server_resolves(controller, plain, tmp_path) -> None:
    slow_window(plain)
    assert restart_by_name(controller, plain, tmp_path)["changed"] is True


@pytest.mark.parametrize("mechanism", ["sshpass", "ssh_askpass"])
def test_a_password_works_and_a_wrong_one_is_tried_once(controller, small, tmp_path, mechanism: str) -> None:
    with_password = {
        "ansible_ssh_private_key_file": None,
        "ansible_ssh_password_mechanism": mechanism,
        "ansible_ssh_args": "",
        "ansible_ssh_extra_args": "-o PubkeyAuthentication=no",
    }
    right = over_ssh(small, tmp_path, ansible_password=small.variables("winrm")["ansible_password"], **with_password)
    done(controller.module(right, "port_info"))
    small.ssh(op="reset_counters")
    result = controller.module(over_ssh(small, tmp_path, ansible_password=WRONG, **with_password), "port_info")
    assert_one_sentence(result, "unreachable", "rejected the credentials", "ansible_password")
    assert WRONG not in json.dumps(result)
    assert small.ssh(op="counters") == {"connections": 1, "sessions": 0, "lines": 0, "further_lines": 0}


def test_an_unknown_host_key_is_refused_and_not_accepted(controller, small, tmp_path) -> None:
    known = tmp_path / "known_hosts"
    unknown = over_ssh(small, tmp_path, ansible_ssh_common_args=f"-o UserKnownHostsFile={known}")
    result = controller.module(unknown, "port_info")
    assert_one_sentence(result, "unreachable", "not in known_hosts")
    assert not known.exists() or not known.read_text(encoding="ascii")
    unchecked = over_ssh(
        small,
        tmp_path,
        ansible_ssh_common_args=f"-o UserKnownHostsFile={known}",
        ansible_host_key_checking=False,
    )
    done(controller.module(unchecked, "port_info"))


def test_a_control_path_that_is_too_long(controller, small, tmp_path) -> None:
    """The client itself refuses it before it connects."""
    folder = tmp_path / ("x" * (100 - len(str(tmp_path))))
    shared = {
        "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=60s",
        "ansible_control_path_dir": str(folder),
    }
    result = controller.module(over_ssh(small, tmp_path, **shared), "port_info")
    assert_one_sentence(result, "unreachable", "control socket is too long", "ansible_control_path_dir")


def test_through_another_host(controller, small, tmp_path) -> None:
    """ProxyJump; a window's task does not pin the address then, and works."""
    variables = small.variables("ssh")
    config = tmp_path / "config"
    config.write_text(
        f"Host jump\n HostName 127.0.0.1\n Port {variables['ansible_port']}\n User Administrator\n"
        f" IdentityFile {variables['ansible_ssh_private_key_file']}\n"
        f" UserKnownHostsFile {_known_hosts(variables)}\n",
        encoding="ascii",
    )
    jump = f"-F {config} -o ProxyJump=jump {variables['ansible_ssh_common_args']}"
    host = over_ssh(small, tmp_path, ansible_ssh_common_args=jump, ansible_ssh_args="")
    done(controller.module(host, "dns_restart", "--check"))
    assert small.ssh(op="counters")["connections"] == 2


def _known_hosts(variables: dict[str, Any]) -> str:
    words = shlex.split(variables["ansible_ssh_common_args"])
    return next(word for word in words if word.startswith("UserKnownHostsFile=")).partition("=")[2]


def test_without_a_variable_for_the_connection(controller, small, tmp_path, free_port) -> None:
    """Ansible uses ssh then: a Windows host with sshd works, and any other reads what to set."""
    done(controller.module(over_ssh(small, tmp_path, ansible_connection=None, ansible_shell_type=None), "port_info"))
    closed = over_ssh(small, tmp_path, ansible_connection=None, ansible_port=free_port)
    assert_one_sentence(controller.module(closed, "port_info"), "unreachable", "ansible_connection", "refused")
    winrm = over_ssh(small, tmp_path, ansible_connection=None, ansible_port=small.variables("winrm")["ansible_port"])
    result = controller.module(winrm, "port_info")
    assert_one_sentence(result, "unreachable", "ansible_port", "ansible_connection=winrm", "SSH server")


@pytest.fixture
def linux(tmp_path, free_port) -> Iterator[dict[str, Any]]:
    """Start an sshd as any Linux host has one, and give the variables to reach it."""
    with debian(tmp_path, free_port) as variables:
        yield variables


@pytest.mark.parametrize("mechanism", ["sshpass", "ssh_askpass"])
def test_a_password_is_tried_once_where_a_server_offers_two_ways_to_give_it(
    controller, small, tmp_path, free_port, mechanism: str
) -> None:
    """Windows' server knows no keyboard-interactive, others do: the client would answer both with the password."""
    both = {"UsePAM": "yes", "PasswordAuthentication": "yes", "KbdInteractiveAuthentication": "yes"}
    both["LogLevel"] = "VERBOSE"  # which shows every failure
    with debian(tmp_path, free_port, **both) as variables:
        wrong = {
            **variables,
            "ansible_ssh_private_key_file": None,
            "ansible_password": WRONG,
            "ansible_ssh_password_mechanism": mechanism,
            "ansible_ssh_extra_args": "-o PubkeyAuthentication=no",
        }
        result = controller.module(over_ssh(small, tmp_path, **wrong), "port_info")
    assert_one_sentence(result, "unreachable", "rejected the credentials", "ansible_password")
    log = (tmp_path / "sshd.log").read_text(encoding="utf-8")
    assert len([line for line in log.splitlines() if line.startswith("Failed ")]) == 1, log


def test_a_linux_host_in_the_group(controller, small, tmp_path, linux) -> None:
    result = controller.module(over_ssh(small, tmp_path, ansible_connection=None, **linux), "port_info")
    assert_one_sentence(result, "unreachable", "not a Windows host", "ansible_connection")
    unknown = {**linux, "ansible_ssh_common_args": f"-o UserKnownHostsFile={tmp_path / 'empty'}"}
    result = controller.module(over_ssh(small, tmp_path, ansible_connection=None, **unknown), "port_info")
    assert_one_sentence(result, "unreachable", "not in known_hosts", "ansible_connection")
    refused = {**linux, "ansible_user": "nobody"}
    result = controller.module(over_ssh(small, tmp_path, ansible_connection=None, **refused), "port_info")
    assert_one_sentence(result, "unreachable", "rejected the credentials", "ansible_connection")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "hang"}, ("no end mark",)),
        ({"kind": "flood"}, ("sent more than",)),
        ({"kind": "dribble", "seconds": 0.05}, ("no end mark",)),
        ({"kind": "drop_after"}, ("ended the connection", "may still run")),
    ],
    ids=str,
)
def test_a_host_that_does_not_answer_as_it_should(controller, small, fault: dict[str, Any], words) -> None:
    small.ssh(op="fault", step=SENT_FIRST, **fault)
    began = time.monotonic()
    result = controller.module(small, "port_info", command_timeout=10)
    assert_one_sentence(result, "failed", *words)
    assert result["phase"] == "read"
    assert time.monotonic() - began < 30


def test_a_hang_before_anything_was_sent_is_unreachable(controller, small) -> None:
    small.ssh(op="fault", kind="hang", times=0)
    assert_one_sentence(controller.module(small, "port_info", command_timeout=10), "unreachable", "did not answer")


def test_a_write_that_outlives_its_connection_is_waited_for(controller, run, host) -> None:
    """The connection is lost while the write runs: what is restored afterwards, is restored behind its end."""
    host.ssh(op="clear_faults")
    host.ssh(op="reset_counters")
    untouched = configured(host)
    host.ssh(op="fault", kind="drop_after", step=SENT_FIRST + 4)
    with write_held(host) as go_on, ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, "port_reservations", on_failure="rollback", **POLICY)
        eventually(lambda: running.done() or len(behind_write(host)) >= 2)
        owners, before, looked = owners_of_lock(host), configured(host), behind_write(host)
        go_on()
        result = running.result()
    host.ssh(op="clear_faults")
    assert looked and not any(WRITES.search(line) for line in looked), "the second connection only looks"
    assert before == untouched and len(owners) == 1, "the write runs: it has the lock, and has not written yet"
    assert any(WRITES.search(line) for line in behind_write(host)), "and writes when the lock is released"
    assert_one_sentence(result, "failed", "may still run", "were restored")
    assert result["phase"] == "write" and result["rolled_back"] is True
    assert configured(host) == untouched
    again = done(run("port_reservations", **POLICY))
    assert again["changed"] is True, "the lock is free"


def test_a_task_that_was_stopped_and_the_run_behind_it(controller, small) -> None:
    """Ansible's `timeout` ends the task while its write goes on: the next run writes nothing before it has ended."""
    host, run, policy = small, partial(controller.module, small), {**POLICY, "extra_ports": ["51821"]}
    untouched = configured(host)
    task = {"name": "Stopped", "portkeeper.windows_dns.port_reservations": policy, "timeout": 15}
    with write_held(host):
        stopped = controller.playbook([{"hosts": "all", "gather_facts": False, "tasks": [task]}], host.inventory)
        assert stopped.returncode == 2 and stopped.result("Stopped")["_kind"] == "failed"
        owners = owners_of_lock(host)
        assert len(owners) == 1 and configured(host) == untouched, "the write runs, and has not written yet"
        early = run("port_reservations", command_timeout=15, **policy)
        assert_one_sentence(early, "failed", "is locked by another run")
        assert owners_of_lock(host) == owners and configured(host) == untouched
    assert eventually(lambda: not owners_of_lock(host)), "the write releases the lock at its end"
    assert configured(host) != untouched, "and has written"
    assert done(run("port_reservations", **policy))["changed"] is False
