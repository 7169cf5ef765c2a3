# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replayed hosts print recorded transcripts and advance through them, many in one process."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from pathlib import Path

import pytest
import winrm

from portkeeper_lab.backend import Launch
from portkeeper_lab.replay import NOT_RECORDED, Recording, RecordingError, ReplayHost
from portkeeper_lab.replay_fleet import PASSWORD, USER, Fleet, serve
from portkeeper_lab.replay_modules import Modules
from portkeeper_lab.replay_record import Recorder
from portkeeper_lab.winrm.server import Options
from portkeeper_lab.winrm.shellhost import ShellHost

OLD, NEW = "00000000000000aa", "00000000000000bb"


def _transcript(run: str, **sections: str) -> str:
    parts = [f"#portkeeper transcript 1 {run}\r\n"]
    for name, text in sections.items():
        parts.append(f"#portkeeper {run} begin {name}\r\n{text}\r\n#portkeeper {run} end {name} 0\r\n")
    return "".join(parts)


def _line(run: str, *sections: str, extra: str = "") -> str:
    asked = "&".join(f"echo #portkeeper {run} begin {name}&x" for name in sections)
    return f"(echo #portkeeper transcript 1 {run}&{extra}{asked})<nul 2>nul"


CHANGE = (
    _transcript(OLD, ver="5.2", tcpip="3343")
    + _transcript(OLD, lock=f"1700000000-{OLD}", export_tcpip="hex")
    + _transcript(OLD, write="reserved 0", tcpip="4500", unlock="")
    + _transcript(OLD, ver="5.2", tcpip="4500 at last")
)


def _host(text: str = CHANGE) -> ReplayHost:
    return ReplayHost(Recording.parse(text.encode()))


def test_a_reading_is_the_recorded_one_with_the_nonce_of_the_question() -> None:
    out, error, code = _host().answer(_line(NEW, "ver", "tcpip"))
    assert (out.decode(), error, code) == (_transcript(NEW, ver="5.2", tcpip="3343"), b"", 0)


def test_only_what_is_asked_for_is_shown_and_what_was_not_recorded_is_missing() -> None:
    out, _error, _code = _host().answer(_line(NEW, "tcpip", "hotfixes"))
    assert out.decode() == _transcript(NEW, tcpip="3343")


def test_the_lock_has_the_name_that_the_line_gives_it() -> None:
    line = _line(NEW, "lock", "export_tcpip", extra=f"echo x>lock\\1800000000-{NEW}&")
    assert _host().answer(line)[0].decode() == _transcript(NEW, lock=f"1800000000-{NEW}", export_tcpip="hex")


def test_a_reading_after_the_write_shows_what_was_written() -> None:
    host = _host()
    host.answer(_line(NEW, "lock", "export_tcpip"))
    assert b"3343" in host.answer(_line(NEW, "ver", "tcpip"))[0]
    written = host.answer(_line(NEW, "write", "tcpip", "unlock"))[0].decode()
    assert written == _transcript(NEW, write="reserved 0", tcpip="4500", unlock="")
    assert b"4500 at last" in host.answer(_line(NEW, "ver", "tcpip"))[0]
    host.rewind()
    assert b"3343" in host.answer(_line(NEW, "tcpip"))[0]
    host.rewind(to_end=True)
    assert b"4500 at last" in host.answer(_line(NEW, "tcpip"))[0]


def test_a_step_that_was_recorded_once_comes_once() -> None:
    host = _host()
    assert host.answer(_line(NEW, "write"))[2] == 0
    assert host.answer(_line(NEW, "write"))[2] == NOT_RECORDED


def test_any_other_line_is_refused() -> None:
    out, error, code = _host().answer("ipconfig /all")
    assert (out, code) == (b"", NOT_RECORDED)
    assert b"ipconfig" in error


def test_a_transcript_written_by_hand_gets_a_nonce() -> None:
    text = "#portkeeper transcript 1\n#portkeeper begin ver\n5.2\n#portkeeper end ver 0\n"
    out = _host(text).answer(_line(NEW, "ver"))[0]
    assert f"#portkeeper {NEW} begin ver\n5.2\n#portkeeper {NEW} end ver 0\n".encode() in out


@pytest.mark.parametrize(
    "text", ["", "x", "#portkeeper transcript 1\n", "#portkeeper transcript 1\n#portkeeper begin a\n"]
)
def test_what_is_no_recording_is_refused(text: str) -> None:
    with pytest.raises(RecordingError):
        _host(text)


def test_what_is_recorded_over_winrm_can_be_replayed(tmp_path) -> None:
    shell = ShellHost()
    text = _transcript(OLD, ver="5.2")
    shell.answers["echo"] = lambda _line: f"printf '%s' '{text}'"
    recorder = Recorder(shell, tmp_path / "recording.txt")
    for line in ("echo transcript", "true"):
        process = recorder.spawn(Launch(line, codepage=437))
        process.write_stdin(b"", end=True)
        while process.exit_code is None:
            process.read(100, 1.0)
        process.close()
    assert (tmp_path / "recording.txt").read_bytes() == text.encode()
    assert ReplayHost(Recording.load(tmp_path / "recording.txt")).answer(_line(NEW, "ver"))[2] == 0


TABLE = {
    "steady": [
        {"module": "win_reg_stat", "args": {"name": "A"}, "result": {"changed": False, "value": 1}},
        {"module": "win_reg_stat", "args": {}, "result": {"changed": False, "exists": False}},
    ],
    "fresh": [],
}


def _payload(module: str, **arguments: str) -> bytes:
    given = {"_ansible_module_name": module, "names": ["x"], **arguments}
    manifest = {"actions": [{"params": {"Variables": [{"Name": "complex_args", "Value": given}]}}]}
    return b"the wrapper\n\0\0\0\0\n" + json.dumps(manifest).encode()


def test_the_first_row_that_fits_answers_a_module() -> None:
    modules = Modules(TABLE, "steady")
    assert json.loads(modules.answer(_payload("win_reg_stat", name="A"))[0])["value"] == 1
    assert json.loads(modules.answer(_payload("win_reg_stat", name="B"))[0])["exists"] is False
    assert modules.answer(_payload("win_ping"))[2] == 1
    assert modules.answer(b"\0no json")[2] == 1
    modules.enter("fresh")
    assert modules.answer(_payload("win_reg_stat", name="A"))[2] == 1


@pytest.fixture
def fleet():
    options = Options(full_chunks=True, log=lambda _line: None)
    made = Fleet([Recording.parse(CHANGE.encode())], 3, Modules(TABLE, "steady"), "winrm3", options)
    yield made
    made.stop()


def _protocol(port: int) -> winrm.Protocol:
    return winrm.Protocol(f"http://127.0.0.1:{port}/wsman", "ntlm", USER, PASSWORD, message_encryption="always")


def test_every_host_of_a_fleet_answers_on_its_port_and_the_counters_are_sums(fleet) -> None:
    assert len(set(fleet.ports)) == 3
    for port in fleet.ports:
        client = _protocol(port)
        shell = client.open_shell(codepage=437)
        command = client.run_command(shell, _line(NEW, "ver"))
        assert client.get_command_output(shell, command)[0].decode() == _transcript(NEW, ver="5.2")
        client.close_shell(shell)
    counters = fleet.control({"op": "counters"})
    assert (counters["sessions"], counters["commands"], counters["receives"]) == (3, 3, 3)
    fleet.control({"op": "reset_counters"})
    assert fleet.control({"op": "counters"})["requests"] == 0


def test_a_module_gets_its_input_over_winrm(fleet) -> None:
    client = _protocol(fleet.ports[0])
    shell = client.open_shell()
    encoded = base64.b64encode("&{}".encode("utf-16-le")).decode()
    command = client.run_command(shell, "PowerShell", ["-EncodedCommand", encoded], console_mode_stdin=False)
    client.send_command_input(shell, command, _payload("win_reg_stat", name="A"), end=True)
    assert json.loads(client.get_command_output(shell, command)[0])["value"] == 1
    client.close_shell(shell)


def test_a_fleet_is_steered_by_lines_of_json(fleet) -> None:
    requests = [{"op": "delay", "seconds": 0.02}, {"op": "delay", "seconds": 0}, {"op": "rewind"}, {"op": "no"}]
    answers = io.StringIO()
    serve(fleet, io.StringIO("".join(json.dumps(request) + "\n" for request in requests)), answers)
    first, *rest = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert first["ports"] == fleet.ports
    assert [sorted(answer) for answer in rest] == [[], [], [], ["error"]]


def test_an_ssh_server_answers_lines_that_are_typed_to_cmd_and_counts_them() -> None:
    made = Fleet([Recording.parse(CHANGE.encode())], 1, None, "winrm3", Options(log=lambda _line: None), ssh=True)
    try:
        told = made.ssh.facts()
        command = ["ssh", "-F", "none", "-T", "-p", str(told["port"]), "-l", told["user"], "-i"]
        command += [f"{told['folder']}/id_ed25519", "-o", f"UserKnownHostsFile={told['folder']}/known_hosts"]
        typed = f"echo before %errorlevel%\r\n{_line(NEW, 'ver')}\r\necho after %errorlevel%\r\n"
        done = subprocess.run([*command, "127.0.0.1", "cmd.exe"], input=typed.encode(), capture_output=True, check=True)
        shown = done.stdout.decode()
        assert shown.startswith("Microsoft Windows")
        assert f"before 0\r\n{_transcript(NEW, ver='5.2')}after 0\r\n" in shown
        counters = made.control({"op": "counters"})
        assert (counters["lines"], counters["bytes_in"], counters["bytes_out"]) == (3, len(typed), len(done.stdout))
        assert (counters["ssh_logons"], counters["ssh_sessions"]) == (1, 1)
        made.control({"op": "reset_counters"})
        counters = made.control({"op": "counters"})
        assert (counters["lines"], counters["ssh_logons"], counters["ssh_sessions"]) == (0, 0, 0)
    finally:
        made.stop()
    assert not Path(told["folder"]).exists()
