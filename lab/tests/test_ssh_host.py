# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH's client against a host: cmd on a command line, cmd that reads batches, and a connection that is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import Scenario
from portkeeper_lab.ssh.client import Session, run
from portkeeper_lab.ssh.server import SSHServer
from portkeeper_lab.ssh.shells import Options

FOR = """for /f "tokens=1,3" %a in ('echo a b "c"^|findstr /r "a.*c"') do @echo [%a %b]"""


@pytest.fixture(scope="module")
def server(session_host: WineHost, sbs2003: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SSHServer]:
    """A server in front of the session's host."""
    made = SSHServer(session_host, sbs2003, tmp_path_factory.mktemp("s") / "ssh", Options(), lambda _line: None)
    made.start()
    assert made.wait_open(5)
    yield made
    made.stop()


def test_for_with_quotes_and_a_pipe(server: SSHServer) -> None:
    assert run(server, f"{FOR}& exit 7") == (7, b'[a "c"]\r\n', b"")


def test_exit_codes_have_eight_bits(server: SSHServer) -> None:
    assert run(server, "exit 10048")[0] == 10048 & 0xFF


def test_no_command_is_an_interactive_cmd(server: SSHServer) -> None:
    code, out, _err = run(server, "", stdin=b"echo one\r\nexit 3\r\n")
    assert code == 3
    assert out.startswith(b"Microsoft Windows")
    assert b"C:\\users\\root>" in out
    assert b"one\r\n" in out


def test_batches_are_answered_one_by_one(server: SSHServer) -> None:
    session = Session(server.folder, server.port, "cmd.exe /d /q")
    assert session.client.stdout is not None
    assert session.client.stdout.readline().startswith(b"Microsoft Windows")
    session.send(f"{FOR}\nset kept=5\nver <nul >nul\necho end 1\n")
    assert session.read_to("end 1") == ['[a "c"]']
    session.send("echo %kept%\necho " + "z" * 8000 + "\necho end 2\n")
    assert session.read_to("end 2") == ["5", "z" * 8000]
    session.send("exit 9\n")
    assert session.end() == 9


def test_a_program_without_an_input_of_its_own_eats_the_rest(server: SSHServer) -> None:
    assert b"end" not in run(server, "cmd.exe /d /q", stdin=b"findstr nothing\r\necho end\r\n")[1]


def test_a_line_goes_on_when_the_connection_is_closed(
    server: SSHServer, drive_c: Path, eventually: Callable[..., None]
) -> None:
    session = Session(server.folder, server.port, "cmd.exe /d /q")
    session.send("echo begun\nping -n 3 127.0.0.1 & echo done>C:\\late.txt\necho another>C:\\never.txt\n")
    session.read_to("begun")
    session.cut()
    assert not (drive_c / "late.txt").exists()
    eventually((drive_c / "late.txt").exists, 15.0)


def test_a_program_in_the_background_outlives_the_session(
    server: SSHServer, drive_c: Path, eventually: Callable[..., None]
) -> None:
    assert run(server, "start /b cmd /c ping -n 3 127.0.0.1 ^& echo on^>C:\\on.txt <nul >nul 2>&1")[0] == 0
    eventually((drive_c / "on.txt").exists, 15.0)
