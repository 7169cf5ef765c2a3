# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pywinrm, pypsrp and Ansible's winrm connection work with the WinRM server."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import winrm
from pypsrp.exceptions import WSManFaultError
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

from portkeeper_lab.backend import Launch
from portkeeper_lab.winrm.client import protocol
from portkeeper_lab.winrm.server import Options, WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER, ShellHost


@pytest.fixture
def host():
    return ShellHost()


def serve(host, **options):
    return WinRMServer(host, {USER: PASSWORD}, options=Options(**options))


def run(client, shell, line, **extra):
    return client.get_command_output(shell, client.run_command(shell, line, **extra))


def pypsrp(server, auth, password=PASSWORD):
    return WSMan(
        "127.0.0.1", port=server.port, ssl=False, auth=auth, username=USER, password=password, encryption="always"
    )


@pytest.mark.parametrize("full", [True, False])
def test_pywinrm_protocol(host, full):
    with serve(host, full_chunks=full) as server:
        client = protocol(server)
        shell = client.open_shell(codepage=437, noprofile=True, idle_timeout="PT60S", env_vars={"COLOUR": "blue"})
        assert run(client, shell, "echo $COLOUR; echo wrong >&2; exit 3") == (b"blue\n", b"wrong\n", 3)
        client.close_shell(shell)
        assert server.shells.listing() == []
    assert host.spawned[0].codepage == 437
    assert host.spawned[0].environment == {"COLOUR": "blue"}


def test_budget_of_one_session_is_seven_requests(host):
    with serve(host, full_chunks=True) as server:
        client = protocol(server)
        shell = client.open_shell(codepage=437, noprofile=True, idle_timeout="PT60S")
        assert run(client, shell, "echo answer") == (b"answer\n", b"", 0)
        client.close_shell(shell)
        counts = server.counters.snapshot()
    assert (counts["requests"], counts["challenges"], counts["connections"]) == (7, 2, 1)
    assert counts["by_action"] == {"Create": 1, "Command": 1, "Receive": 1, "Delete": 1}
    assert (counts["receives"], counts["sessions"], counts["commands"]) == (1, 1, 1)


def test_pywinrm_session_signals_after_the_command(host):
    with serve(host) as server:
        session = winrm.Session(
            f"127.0.0.1:{server.port}", auth=(USER, PASSWORD), transport="ntlm", message_encryption="always"
        )
        answer = session.run_cmd("echo", ["one", "two"])
        assert (answer.std_out, answer.status_code) == (b"one two\n", 0)
        assert server.counters.by_action["Signal"] == 1


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
def test_pypsrp_winrs(host, auth):
    with serve(host) as server, pypsrp(server, auth) as wsman:
        with WinRS(wsman, codepage=437, no_profile=True, idle_time_out=60) as shell:
            assert shell.idle_time_out == "PT60.000S"
            assert shell._get_shell()["ShellId"] == shell.id
            process = Process(shell, "echo", ["hello;", "exit", "7"])
            process.invoke()
            process.signal("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/Terminate")
            assert (process.stdout, process.rc) == (b"hello\n", 7)
        assert server.shells.listing() == []


def test_pypsrp_ctrl_c(host):
    with serve(host) as server, pypsrp(server, "negotiate") as wsman, WinRS(wsman) as shell:
        process = Process(shell, "echo", ["first;", "sleep", "300"])
        process.begin_invoke()
        while not process.stdout:
            process.poll_invoke()
        process.signal(SignalCode.CTRL_C)
        process.end_invoke()
        assert process.rc != 0
        with pytest.raises(WSManFaultError):
            process.signal("no/such/signal")


def test_pypsrp_reads_the_envelope_size(host):
    with serve(host) as server, pypsrp(server, "negotiate") as wsman:
        wsman.update_max_payload_size()
        assert wsman.max_envelope_size == 150 * 1024


def test_stdin_is_fed_and_ends_with_end(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, "cat; echo end", console_mode_stdin=False)
        client.send_command_input(shell, command, b"first\r\n")
        client.send_command_input(shell, command, bytes(range(256)), end=True)
        assert client.get_command_output(shell, command) == (b"first\r\n" + bytes(range(256)) + b"end\n", b"", 0)
        client.close_shell(shell)


@pytest.mark.parametrize("ends", [True, False])
def test_stdin_is_an_open_pipe_unless_told(host, ends):
    with serve(host, stdin_ends=ends) as server:
        client = protocol(server, operation_timeout_sec=1, read_timeout_sec=5)
        shell = client.open_shell()
        command = client.run_command(shell, "cat; echo end")
        if ends:
            assert client.get_command_output(shell, command)[0] == b"end\n"
        else:
            with pytest.raises(winrm.exceptions.WinRMOperationTimeoutError):
                client.get_command_output_raw(shell, command)
        client.close_shell(shell)


def test_skip_shell_and_working_directory_reach_the_host(host):
    with serve(host) as server:
        client = protocol(server)
        shell = client.open_shell(working_directory="C:\\Temp & more")
        assert run(client, shell, "echo", arguments=["a", "<b>"], skip_cmd_shell=True)[0] == b"a <b>\n"
        client.close_shell(shell)
    assert host.spawned == [Launch("echo a <b>", working_directory="C:\\Temp & more", skip_shell=True)]


@pytest.mark.parametrize(
    ("profile", "codepage", "line", "printed"),
    [
        ("winrm2", 65001, "echo job.cmd", b""),
        ("winrm2", 65001, "echo C:\\run.BAT & more", b""),
        ("winrm2", 65001, "echo cmd.exe run.command", b"cmd.exe run.command\n"),
        ("winrm2", 437, "echo job.cmd", b"job.cmd\n"),
        ("winrm2_r2", 65001, "echo job.cmd", b"job.cmd\n"),
        ("winrm3", 65001, "echo job.cmd", b"job.cmd\n"),
    ],
)
def test_batch_files_print_nothing_under_utf8_on_old_hosts(host, profile, codepage, line, printed):
    host.answers["echo c:\\run"] = lambda text: "echo anything"
    with WinRMServer(host, {USER: PASSWORD}, profile=profile) as server:
        client = protocol(server)
        shell = client.open_shell(codepage=codepage)
        assert run(client, shell, line) == (printed, b"", 0)
        client.close_shell(shell)


def decode_powershell(line):
    words = line.split()
    at = [word.lower() for word in words].index("-encodedcommand")
    return base64.b64decode(words[at + 1]).decode("utf-16-le")


def ansible_raw(server, tmp_path, command):
    inventory = tmp_path / "hosts.yml"
    host = {
        "ansible_host": "127.0.0.1",
        "ansible_port": server.port,
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
        "ansible_user": USER,
        "ansible_password": PASSWORD,
    }
    inventory.write_text(json.dumps({"all": {"hosts": {"client01": host}}}), encoding="utf-8")
    ansible = Path(sys.executable).with_name("ansible")
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [ansible, "-i", inventory, "client01", "-m", "raw", "-a", command],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )


def test_ansible_raw(host, tmp_path):
    host.answers["powershell"] = lambda line: "printf 'from the host\\n'"
    with serve(host) as server:
        done = ansible_raw(server, tmp_path, "echo hello")
        counts = server.counters.snapshot()
        shells = server.shells.listing()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "client01 | CHANGED | rc=0 >>\nfrom the host" in done.stdout
    assert host.spawned[0].codepage == 65001
    assert "echo hello" in decode_powershell(host.spawned[0].line)
    assert counts["by_action"].keys() == {"Create", "Command", "Receive", "Signal", "Delete"}
    assert shells == []


def test_shell_ids_are_upper_case_and_belong_to_their_user(host):
    with WinRMServer(host, {USER: PASSWORD, "other": "x"}) as server:
        mine, other = protocol(server), protocol(server, username="other", password="x")
        shell = mine.open_shell()
        assert shell == str(uuid.UUID(shell)).upper()
        with pytest.raises(winrm.exceptions.WSManFaultError) as caught:
            other.run_command(shell, "echo")
        assert caught.value.wsman_fault_code == 2150858843
        mine.close_shell(shell)
