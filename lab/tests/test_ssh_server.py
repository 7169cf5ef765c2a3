# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH server without Windows behind it: who gets in, keys, and the stand-ins for other servers."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portkeeper_lab.scenario import Scenario
from portkeeper_lab.ssh.client import command, run, with_password
from portkeeper_lab.ssh.server import SSHServer
from portkeeper_lab.ssh.shells import Input, Options
from portkeeper_lab.windows_type import PROGRAM
from portkeeper_lab.winrm.shellhost import ShellHost, wait_for

Serve = Callable[..., SSHServer]
PASSWORD = "Lab-Passw0rd"


@pytest.fixture
def host() -> ShellHost:
    """A host of /bin/sh, whose cmd is a sh."""
    made = ShellHost()
    made.answers["cmd.exe /d /q"] = lambda _line: "sh"
    return made


@pytest.fixture
def serve(host: ShellHost, sbs2003: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Give a function that starts a server which plays something."""
    servers: list[SSHServer] = []

    def start(played: Scenario = sbs2003, **options: object) -> SSHServer:
        folder = tmp_path_factory.mktemp("s") / "ssh"
        server = SSHServer(host, played, folder, Options(**options), lambda _line: None)  # type: ignore[arg-type]
        servers.append(server)
        server.start()
        assert server.wait_open(5)
        return server

    yield start
    for server in servers:
        server.stop()


def test_streams_and_exit_code(serve: Serve, host: ShellHost) -> None:
    server = serve()
    assert run(server, "cat; echo bad >&2; exit 300", stdin=b"fed") == (44, b"fed", b"bad\n")
    assert host.spawned[0].line == "cat; echo bad >&2; exit 300"


def test_cmd_gets_a_line_that_begins_with_a_quote_in_quotes(serve: Serve, host: ShellHost) -> None:
    run(serve(), '"a b" "c"')
    assert host.spawned[0].line == '""a b" "c""'


def test_key_files_are_private_and_each_server_has_its_own(serve: Serve) -> None:
    one, other = serve(), serve()
    for name in ("host_key", "id_ed25519", "shadow"):
        path = one.folder / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes() != (other.folder / name).read_bytes()
    assert stat.S_IMODE(one.folder.stat().st_mode) == 0o700


def test_an_unknown_host_key_is_refused(serve: Serve, host: ShellHost) -> None:
    one, other = serve(), serve()
    (one.folder / "known_hosts").write_text(f"[127.0.0.1]:{one.port} {_key(other)}\n", encoding="ascii")
    code, _out, err = run(one, "echo in")
    assert (code, host.spawned) == (255, [])
    assert b"Host key verification failed" in err
    (one.folder / "known_hosts").write_text("", encoding="ascii")
    assert run(one, "echo in")[0] == 255


def _key(server: SSHServer) -> str:
    return (server.folder / "host_key.pub").read_text(encoding="ascii").strip()


def test_a_foreign_key_does_not_get_in(serve: Serve) -> None:
    one, other = serve(), serve()
    (one.folder / "id_ed25519").unlink()
    code, _out, err = run(one, "echo in", "-o", f"IdentityFile={other.folder / 'id_ed25519'}")
    assert code == 255
    assert b"Permission denied" in err


def test_passwords_are_those_of_the_scenario_and_not_this_machines(serve: Serve, host: ShellHost) -> None:
    server = serve()
    before = Path("/etc/passwd").read_bytes()
    assert with_password(server, "echo in", PASSWORD) == (0, b"in\n")
    assert with_password(server, "echo in", "wrong")[0] == 255
    assert with_password(server, "echo in", PASSWORD, user="root")[0] == 255
    assert with_password(server, "echo in", "Lab-Passw0rd-2", user="clerk") == (0, b"in\n")
    assert [launch.limited for launch in host.spawned] == [False, True]
    assert Path("/etc/passwd").read_bytes() == before


@pytest.mark.parametrize(("language", "codepage"), [("en", 437), ("fr", 850), ("ja", 932)])
def test_a_session_has_the_code_page_of_the_language(
    serve: Serve, host: ShellHost, sbs2003: Scenario, language: str, codepage: int
) -> None:
    server = serve(sbs2003.model_copy(update={"language": language}))
    run(server, "true")
    assert [launch.codepage for launch in host.spawned] == [codepage]


def test_the_port_is_closed_while_the_host_is_away(serve: Serve, host: ShellHost) -> None:
    server = serve()
    host.state = "booting"
    assert wait_for(lambda: b"refused" in run(server, "echo in")[2])
    host.state = "up"
    assert server.wait_open(5)
    assert run(server, "echo in")[1:] == (b"in\n", b"")


def test_nothing_is_left_after_stop(serve: Serve) -> None:
    server = serve()
    before = set(os.listdir("/run"))
    run(server, "echo in")
    server.stop()
    assert b"refused" in run(server, "echo in")[2]
    assert not _processes_with(str(server.folder))
    assert set(os.listdir("/run")) == before


def _processes_with(text: str) -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and not line.startswith("ssh "):
            lines.append(line)
    return lines


@pytest.mark.parametrize("shell", ["powershell", "powershell-reads-stdin"])
def test_powershell_runs_one_program_and_knows_two_exit_codes(serve: Serve, host: ShellHost, shell: str) -> None:
    server = serve(default_shell=shell)
    assert run(server, "cmd.exe /d /q", stdin=b"echo in\nexit 7\n")[:2] == (1, b"in\n")
    assert host.spawned[0].skip_shell
    code, out, err = run(server, "for /f %a in ('ver') do @echo %a")
    assert (code, out) == (1, b"")
    assert b"stand-in for PowerShell" in err


def test_powershell_that_reads_the_input_makes_it_ascii(serve: Serve) -> None:
    text = "caf\xe9\n".encode("cp437")
    assert run(serve(default_shell="powershell"), "cat", stdin=text)[1] == text
    assert run(serve(default_shell="powershell-reads-stdin"), "cat", stdin=text)[1] == b"caf?\n"


def test_type_in_a_batch_is_that_of_windows_where_the_scenario_says_so() -> None:
    line = b"type C:\\a.txt\r\n"
    assert Input(Options(), windows_type=False).feed(line) == [line]
    assert Input(Options(), windows_type=True).feed(line) == [PROGRAM.encode() + b" C:\\a.txt\r\n"]


def test_a_connection_through_another_host(serve: Serve) -> None:
    jump, target = serve(), serve()
    proxy = shlex.join([*command(jump.folder, jump.port), "-W", f"127.0.0.1:{target.port}"])
    assert run(target, "echo in", "-o", f"ProxyCommand={proxy}")[1] == b"in\n"


def test_an_early_release_cuts_commands_and_input(serve: Serve, host: ShellHost) -> None:
    server = serve(cut_commands=260, cut_input=10)
    run(server, "echo " + "x" * 300)
    assert host.spawned[0].line == "echo " + "x" * 255
    assert run(server, "cat", stdin=b"one\ntwo\nthree\nfour\n")[1] == b"one\ntwo\nth"


def test_a_connection_drops_before_or_after_a_line_has_reached_the_host(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    lines = "".join(f"echo x >{tmp_path}/{number}; echo {number}\n" for number in (1, 2, 3)).encode()
    server.control({"op": "fault", "kind": "drop_before", "step": 3})
    assert run(server, "cmd.exe /d /q", stdin=lines)[0] == 255
    assert wait_for(lambda: sorted(os.listdir(tmp_path)) == ["1"])
    server.control({"op": "fault", "kind": "drop_after", "step": 3})
    assert run(server, "cmd.exe /d /q", stdin=lines)[0] == 255
    assert wait_for((tmp_path / "2").exists)
    assert server.control({"op": "faults"})["faults"][1]["fired"] == 1


def test_a_hang_a_flood_and_a_dribble(serve: Serve) -> None:
    server = serve()
    server.control({"op": "fault", "kind": "flood", "step": 2, "size": 1_000_000})
    assert len(run(server, "cmd.exe /d /q", stdin=b"echo in\n")[1]) > 1_000_000
    server.control({"op": "clear_faults"})
    server.control({"op": "fault", "kind": "dribble", "seconds": 0.05})
    began = time.monotonic()
    assert run(server, "echo 0123456789")[1] == b"0123456789\n"
    assert time.monotonic() - began > 0.5
    server.control({"op": "fault", "kind": "hang"})
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([*command(server.folder, server.port), "echo in"], timeout=1, check=False, capture_output=True)


def test_counters(serve: Serve) -> None:
    server = serve()
    run(server, "cmd.exe /d /q", stdin=b"echo a\necho b\n")
    run(server, "true")
    assert server.control({"op": "counters"}) == {"connections": 2, "sessions": 2, "lines": 2, "further_lines": 1}
    with pytest.raises(ValueError, match="no fault 'nonsense'; there are drop_before"):
        server.control({"op": "fault", "kind": "nonsense"})
