# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells and commands: quotas, ends of process trees, blocked writers, a host that disappears."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import requests
from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError

from portkeeper_lab.winrm.client import protocol
from portkeeper_lab.winrm.server import Options, WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER, ShellHost, alive, wait_for

TREE = "sleep 300 & echo $!; sleep 301 & echo $!; sleep 302"
BACKGROUND = "(sleep 300 >/dev/null 2>&1 &) ; (sleep 301 >/dev/null 2>&1 & echo $!); exit 0"


@pytest.fixture
def host():
    backend = ShellHost()
    yield backend
    for process in backend.processes:
        process.close()


def serve(host, profile="winrm2", **options):
    return WinRMServer(host, {USER: PASSWORD}, profile=profile, options=Options(**options))


def fault_of(call, *arguments, **named):
    with pytest.raises(WSManFaultError) as caught:
        call(*arguments, **named)
    return caught.value


def start_tree(client, shell, lines=2):
    command = client.run_command(shell, TREE)
    output = b""
    while output.count(b"\n") < lines:
        output += client.get_command_output_raw(shell, command)[0]
    return command, [int(pid) for pid in output.split()]


def test_sixth_shell_is_refused_until_one_is_deleted(host):
    with serve(host) as server:
        client = protocol(server)
        shells = [client.open_shell() for _ in range(5)]
        refused = fault_of(client.open_shell)
        assert refused.wsman_fault_code == 2150859173
        assert "maximum number of 5 concurrent shells" in refused.reason
        client.close_shell(shells.pop(), close_session=False)
        shells.append(client.open_shell())
        for shell in shells:
            client.close_shell(shell, close_session=False)


def test_sixteenth_operation_is_refused_signal_or_not(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        for _ in range(15):
            client.cleanup_command(shell, client.run_command(shell, "true"))
        refused = fault_of(client.run_command, shell, "true")
        assert refused.wsman_fault_code == 2150859174
        assert "maximum number of 15 concurrent operations" in refused.reason
        client.close_shell(shell, close_session=False)
        shell = client.open_shell()
        client.run_command(shell, "true")
        client.close_shell(shell)
        assert server.counters.commands == 16


def test_sixteenth_process_of_a_shell_is_refused(host):
    with serve(host, quotas={"operations_per_user": 100}) as server:
        client = protocol(server)
        shell = client.open_shell()
        commands = [client.run_command(shell, "exec sleep 300") for _ in range(15)]
        assert "processes per shell" in fault_of(client.run_command, shell, "true").reason
        client.cleanup_command(shell, commands[0])
        client.run_command(shell, "true")
        client.close_shell(shell)


def test_newer_profile_has_wider_quotas(host):
    with serve(host, profile="winrm3") as server:
        client = protocol(server)
        shells = [client.open_shell() for _ in range(6)]
        for _ in range(16):
            client.run_command(shells[0], "true")
        for shell in shells:
            client.close_shell(shell, close_session=False)


def test_unknown_profile():
    with pytest.raises(ValueError, match="winrm2"):
        serve(ShellHost(), profile="winrm1")


def test_idle_timeout_kills_the_whole_tree(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell(idle_timeout="PT1S")
        command, pids = start_tree(client, shell)
        assert all(map(alive, pids))
        assert wait_for(lambda: not any(map(alive, pids)), 5)
        assert fault_of(client.get_command_output_raw, shell, command).wsman_fault_code == 2150858843
        assert server.counters.idle_deletes == 1


def test_requests_hold_the_idle_clock(host):
    with serve(host, idle_timeout_cap=0.9) as server:
        client = protocol(server, timeout=1)
        shell = client.open_shell(idle_timeout="PT60S")
        command = client.run_command(shell, "sleep 300")
        with pytest.raises(WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        assert [entry["id"] for entry in server.shells.listing()] == [shell]
        assert wait_for(lambda: not server.shells.listing(), 5)


def test_default_idle_timeout_is_the_profiles(host):
    with serve(host) as server:
        assert server.quotas.idle_timeout == 180.0


def test_delete_kills_the_tree_of_running_and_of_ended_commands(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        _, pids = start_tree(client, shell)
        output, _, code = client.get_command_output(shell, client.run_command(shell, BACKGROUND))
        pids += [int(pid) for pid in output.split()]
        assert code == 0
        assert len(pids) == 3
        assert all(map(alive, pids))
        client.close_shell(shell)
        assert wait_for(lambda: not any(map(alive, pids)), 5)


@pytest.mark.parametrize("line", [TREE, BACKGROUND])
def test_signal_terminate_kills_the_tree(host, line):
    with serve(host, full_chunks=line == BACKGROUND) as server:
        client = protocol(server)
        shell = client.open_shell()
        if line == TREE:
            command, pids = start_tree(client, shell)
        else:
            command = client.run_command(shell, line)
            pids = [int(pid) for pid in client.get_command_output(shell, command)[0].split()]
        assert pids
        assert all(map(alive, pids))
        client.cleanup_command(shell, command)
        assert wait_for(lambda: not any(map(alive, pids)), 5)
        assert fault_of(client.get_command_output_raw, shell, command).wsman_fault_code == 2150858810
        client.close_shell(shell)


def test_ctrl_c_kills_and_leaves_the_rest_of_the_output(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        command, pids = start_tree(client, shell)
        server.shells.interrupt(server.shells.find_command(server.shells.find(shell, USER.lower()), command))
        assert wait_for(lambda: not any(map(alive, pids)), 5)
        assert client.get_command_output(shell, command)[2] != 0
        client.close_shell(shell)


def test_receive_ends_when_its_shell_goes(host):
    with serve(host) as server:
        client, other = protocol(server), protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, "sleep 300")
        closer = threading.Timer(0.3, other.close_shell, [shell])
        closer.start()
        assert fault_of(client.get_command_output_raw, shell, command).wsman_fault_code == 995
        closer.join()


def test_receive_blocks_up_to_operation_timeout(host):
    with serve(host) as server:
        client = protocol(server, timeout=1)
        shell = client.open_shell()
        command = client.run_command(shell, "sleep 1.9; echo late")
        start = time.monotonic()
        with pytest.raises(WinRMOperationTimeoutError):
            client.get_command_output_raw(shell, command)
        assert 0.9 < time.monotonic() - start < 1.8
        assert client.get_command_output(shell, command) == (b"late\n", b"", 0)
        client.close_shell(shell)
        assert server.counters.receive_timeouts == 1


def test_a_writer_without_a_reader_blocks(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        client.run_command(shell, "head -c 1000000 /dev/zero; echo over >&2")
        time.sleep(0.3)
        assert host.processes[0].child.poll() is None
        client.close_shell(shell)


def test_a_program_that_is_not_there(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        refused = fault_of(client.run_command, shell, "nosuch.exe", skip_cmd_shell=True)
        assert (refused.wsman_fault_code, refused.reason.strip()) == (2, "The system cannot find the file specified.")
        client.close_shell(shell)


def test_unknown_shell_and_command(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        ghost = "00000000-0000-0000-0000-000000000000"
        assert fault_of(client.run_command, ghost, "true").wsman_fault_code == 2150858843
        assert fault_of(client.close_shell, ghost, close_session=False).wsman_fault_code == 2150858843
        assert fault_of(client.get_command_output_raw, shell, ghost).wsman_fault_code == 2150858810
        assert fault_of(client.send_command_input, shell, ghost, b"x").wsman_fault_code == 2150858810
        client.close_shell(shell)


def refused(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_host_that_goes_refuses_and_comes_back_without_shells(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, "sleep 300")
        away = threading.Timer(0.2, setattr, [host, "state", "down"])
        away.start()
        with pytest.raises(requests.ConnectionError):
            client.get_command_output_raw(shell, command)
        assert wait_for(lambda: refused(server.port))
        host.state = "booting"
        time.sleep(0.15)
        assert refused(server.port)
        host.state = "up"
        assert wait_for(lambda: not refused(server.port))
        assert server.shells.listing() == []
        assert fault_of(protocol(server).run_command, shell, "true").wsman_fault_code == 2150858843


def test_a_host_that_is_down_at_the_start(host):
    host.state = "booting"
    with serve(host) as server:
        assert refused(server.port)
        host.state = "up"
        assert wait_for(lambda: not refused(server.port))
        client = protocol(server)
        client.close_shell(client.open_shell())


def test_stop_frees_the_port_and_kills_everything(host):
    server = serve(host)
    server.start()
    client = protocol(server)
    _, pids = start_tree(client, client.open_shell())
    server.stop()
    server.stop()
    assert wait_for(lambda: not any(map(alive, pids)))
    assert refused(server.port)
    with WinRMServer(host, {USER: PASSWORD}, port=server.port) as again:
        assert again.port == server.port
        with pytest.raises(OSError, match="in use"):
            WinRMServer(host, {USER: PASSWORD}, port=again.port).start()


def test_many_clients_at_once(host):
    with serve(host, profile="winrm3", full_chunks=True) as server:
        answers = []

        def one(number):
            client = protocol(server)
            shell = client.open_shell()
            answers.append(client.get_command_output(shell, client.run_command(shell, f"echo {number}"))[0])
            client.close_shell(shell)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(int, answers)) == list(range(20))
        assert server.counters.requests == 140
