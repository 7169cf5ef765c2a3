# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands on a host have streams, exit codes, input, flow control and jobs, also many at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portkeeper_lab.agent import AgentProcess
from portkeeper_lab.backend import STREAM_BUFFER, Backend, Launch, Process, SpawnError
from portkeeper_lab.host import WineHost

Eventually = Callable[..., None]


def finish(process: AgentProcess, seconds: float = 20.0) -> tuple[int, bytes, bytes]:
    """Read a process to its end."""
    streams = {"stdout": b"", "stderr": b""}
    end = time.monotonic() + seconds
    while process.exit_code is None:
        assert time.monotonic() < end, streams
        for stream, chunk in process.read(65536, 0.5):
            streams[stream] += chunk
    code = process.exit_code
    process.close()
    return code, streams["stdout"], streams["stderr"]


def pings(host: WineHost) -> int:
    """Return how many ping.exe run."""
    return host.run("tasklist")[1].lower().count(b"ping.exe")


def test_host_and_process_implement_the_seam(host: WineHost) -> None:
    process = host.spawn(Launch("echo x", codepage=437))
    assert isinstance(host, Backend)
    assert isinstance(process, Process)
    assert finish(process)[1] == b"x\r\n"


def test_streams_are_kept_apart(host: WineHost) -> None:
    assert host.run("echo out& echo err>&2") == (0, b"out\r\n", b"err\r\n")


@pytest.mark.parametrize("code", [0, 1, 255, 256, 10048, 0x7FFFFFFF])
def test_exit_codes_have_32_bits(host: WineHost, code: int) -> None:
    assert host.run(f"exit {code}")[0] == code


def test_negative_exit_codes_are_unsigned(host: WineHost) -> None:
    assert host.run("exit -1073741510")[0] == 0xC000013A


def test_the_line_reaches_cmd_as_it_is(host: WineHost) -> None:
    line = 'echo "a b" ^& c& (echo #1& call echo end %^errorlevel%)<nul 2>nul'
    assert host.run(line)[1] == b'"a b" & c\r\n#1\r\nend 0\r\n'


def test_skip_shell_runs_the_line_itself(host: WineHost) -> None:
    code, output, _error = finish(host.spawn(Launch("reg.exe query HKLM\\SOFTWARE\\Borland /ve", skip_shell=True)))
    assert code == 0
    assert b"Borland" in output


def test_a_program_that_is_not_there_has_its_error_number(host: WineHost) -> None:
    with pytest.raises(SpawnError) as caught:
        host.spawn(Launch("nosuch.exe", skip_shell=True))
    assert caught.value.winerror == 2


@pytest.mark.parametrize(
    ("codepage", "expected"), [(437, b"\x84?\r\n"), (1252, b"\xe4\x80\r\n"), (65001, "ä€\r\n".encode())]
)
def test_code_pages(host: WineHost, codepage: int, expected: bytes) -> None:
    assert finish(host.spawn(Launch("echo ä€", codepage=codepage)))[1] == expected


def test_environment_and_working_directory(host: WineHost) -> None:
    process = host.spawn(Launch("echo %ONE% %CD%", environment={"ONE": "1"}, working_directory="C:\\windows\\system32"))
    assert finish(process)[1] == b"1 C:\\windows\\system32\r\n"
    assert host.run("echo %COMPUTERNAME% %CD%")[1] == b"SBS2003 C:\\users\\root\r\n"


def test_input_reaches_the_child_and_ends(host: WineHost) -> None:
    process = host.spawn(Launch("findstr b"))
    process.write_stdin(b"abc\r\nxyz\r\n", end=False)
    assert process.read(65536, 0.3) in ([], [("stdout", b"abc\r\n")])
    assert process.exit_code is None
    process.write_stdin(b"b2\r\n", end=True)
    assert finish(process)[0] == 0


def test_much_input(host: WineHost) -> None:
    lines = b"".join(b"line %d\r\n" % number for number in range(30_000))
    process = host.spawn(Launch("findstr /v nothing"))
    writer = threading.Thread(target=process.write_stdin, args=(lines, True))
    writer.start()
    assert finish(process)[1] == lines
    writer.join(timeout=5)


def test_input_for_a_child_that_has_ended_is_dropped(host: WineHost) -> None:
    process = host.spawn(Launch("exit 3"))
    while process.exit_code is None:
        process.read(100, 1)
    process.write_stdin(b"x" * (3 * STREAM_BUFFER), end=True)
    assert finish(process)[0] == 3


def test_a_child_whose_output_is_not_read_blocks(host: WineHost, drive_c: Path) -> None:
    text = b"0123456789abcdef" * 20_000
    (drive_c / "big.txt").write_bytes(text)
    done = drive_c / "done.txt"
    process = host.spawn(Launch("type C:\\big.txt& echo done>C:\\done.txt"))
    time.sleep(1.0)
    assert not done.exists()
    assert process.exit_code is None
    code, output, _error = finish(process)
    assert (code, output) == (0, text)
    assert done.exists()


def test_exit_code_waits_for_output_but_not_for_children(host: WineHost) -> None:
    process = host.spawn(Launch("echo last& start /b ping -n 60 127.0.0.1 >nul"))
    while not (chunks := process.read(65536, 5)):
        pass
    assert chunks[0][1].startswith(b"last")
    assert finish(process, 5.0)[0] == 0


def test_kill_tree_kills_what_start_b_left(host: WineHost, eventually: Eventually) -> None:
    process = host.spawn(Launch("start /b ping -n 60 127.0.0.1 >nul& exit 0"))
    while process.exit_code is None:
        process.read(65536, 1)
    assert pings(host) == 1
    process.kill_tree()
    eventually(lambda: pings(host) == 0)
    process.close()


def test_kill_tree_ends_a_running_command(host: WineHost, eventually: Eventually) -> None:
    process = host.spawn(Launch("start /b ping -n 60 127.0.0.1 >nul& ping -n 60 127.0.0.1 >nul"))
    eventually(lambda: pings(host) == 2)
    process.kill_tree()
    assert finish(process, 5.0)[0] == 0xC000013A
    assert pings(host) == 0


def test_close_kills_what_is_left_and_only_that(host: WineHost, eventually: Eventually) -> None:
    kept = host.spawn(Launch("ping -n 60 127.0.0.1 >nul"))
    dropped = host.spawn(Launch("ping -n 60 127.0.0.1 >nul"))
    eventually(lambda: pings(host) == 2)
    dropped.close()
    dropped.close()
    eventually(lambda: pings(host) == 1)
    kept.close()
    eventually(lambda: pings(host) == 0)


def test_twenty_commands_at_once(host: WineHost) -> None:
    processes = [host.spawn(Launch(f"ping -n 2 127.0.0.1 >nul& echo {number}")) for number in range(20)]
    assert [finish(process)[1] for process in processes] == [b"%d\r\n" % number for number in range(20)]


def test_services_that_a_command_starts_do_not_keep_it_open(host: WineHost) -> None:
    began = time.monotonic()
    assert host.run("net start Browser")[0] == 0
    assert time.monotonic() - began < 10
    assert b"RUNNING" in host.run("sc query Browser")[1]
    assert host.run("net stop Browser")[0] == 0


def test_a_process_has_no_list_of_fonts_or_time_zones_to_search(host: WineHost) -> None:
    version = r"HKLM\Software\Microsoft\Windows NT\CurrentVersion"
    assert b"REG_SZ" not in host.run(f'reg query "{version}\\Fonts"')[1]
    assert host.run(f'reg query "{version}\\Time Zones"')[1].strip().endswith(b"\\UTC")
