# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshot, backup and write are rendered."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import ALPHABET, MAX_LINE, BatchError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.host_backup import restore_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import unlock_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.records import Record
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import (
    ChangeId,
    SettingWrite,
    prepare_line,
    write_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import DIALECT_5, SIGNATURES

RUN = "0123456789abcdef"
LOCK = f"1764000000-{RUN}"
TICKET = ChangeId(RUN, LOCK, f"20261123T160000Z-{RUN}")
FOLDER = rf"..\portkeeper\backup\20261123T160000Z-{RUN}"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
RANGES = ("1080-1080", "1433-1434")
ranges = st.lists(
    st.tuples(st.integers(1, 65535), st.integers(0, 300)).map(lambda pair: (pair[0], min(65535, sum(pair)))),
    max_size=60,
).map(lambda pairs: tuple(f"{low}-{high}" for low, high in pairs))


def executed(line: str) -> str:
    """Take out the script that a line only writes to a file."""
    return re.sub(r"\(echo @echo off&.*?\)>+\S*rollback\.cmd", "", line)


def test_prepare_takes_the_lock_then_snapshots_then_exports() -> None:
    line = prepare_line(TICKET, ["reserved_ports", "socket_pool_size"])
    order = [
        r"md ..\portkeeper\lock&&",
        "if exist",
        "reserved_ports.1",
        "begin export_dns",
        "begin export_tcpip",
    ]
    places = [line.index(text) for text in order]
    assert places == sorted(places)
    assert "reg.exe add" not in line and "reg.exe delete" not in line


def test_a_target_of_reg_export_is_deleted_first() -> None:
    line = prepare_line(TICKET, ["reserved_ports"])
    assert line.index(rf"del {FOLDER}\export.tmp") < line.index("reg.exe export")
    assert "/y" not in line


def test_nothing_to_write_is_no_line() -> None:
    with pytest.raises(BatchError, match="nothing to write"):
        write_lines(TICKET, [], [], [])


def test_the_computer_s_name_is_read_on_the_host_without_a_variable_of_the_environment() -> None:
    (line,) = write_lines(ChangeId(RUN, LOCK, TICKET.backup, None, RUN * 2), [], [], [])
    assert "COMPUTERNAME" not in line
    assert line.index("/v computer_name /f") < line.index('/v computer_name /t REG_SZ /d "%b" /f')


def test_nothing_is_written_unless_the_snapshot_still_holds() -> None:
    (line,) = write_lines(
        TICKET, [SettingWrite("reserved_ports", RANGES)], [Record("reserved_ports", "1080-1080")], ["x"]
    )
    guard = rf"(if exist ..\portkeeper\same-{RUN} ("
    compared = rf"fc.exe /b {FOLDER}\reserved_ports.1 {FOLDER}\reserved_ports.2 >nul&&(for "
    assert line.index(compared) < line.index(guard)
    line = executed(line)
    for write in re.finditer(r"reg\.exe (add|delete|import) ", line):
        assert write.start() > line.index(guard)


def test_nothing_is_written_unless_the_backup_on_the_host_has_the_size_that_was_sent() -> None:
    """A full disk leaves files that begin well; each size is that of the lines with their line ends."""
    (line,) = write_lines(TICKET, [SettingWrite("reserved_ports", RANGES)], [], ["REGEDIT4", "", "[x]"])
    undo = sum(len(text) + 2 for text in restore_script(TICKET.backup, ["reserved_ports"]))
    checked = rf"for %j in ({FOLDER}\restore.reg) do @if %~zj==17 echo same>..\portkeeper\same-{RUN}"
    assert rf"&&(for %k in ({FOLDER}\rollback.cmd) do @if %~zk=={undo} {checked})" in line
    assert line.count("echo same>") == 1


def test_the_undo_file_of_netsh_has_its_size_too() -> None:
    change = SettingWrite("excluded_udp4", ("1645-1646",), removed=("4500-4500",), deferred=("500-500",))
    lines = write_lines(TICKET, [change], [], [])
    row = "interface ipv4 {} excludedportrange protocol=udp startport={} numberofports={} store=persistent\r\n"
    text = row.format("delete", 1645, 2) + row.format("delete", 500, 1) + row.format("add", 4500, 1)
    assert rf"restore.netsh) do @if %~zk=={len(text)} " in lines[-1]


def test_a_file_of_utf16_is_at_least_twice_as_long() -> None:
    lines = write_lines(TICKET, [SettingWrite("reserved_ports", RANGES)], [], [SIGNATURES[DIALECT_5], "", "[x]"])
    assert re.search(r"restore\.reg\) do @if %~zj GEQ \d+ echo same>", lines[-1])


def test_the_record_is_made_before_the_value() -> None:
    """A run that is cut in between must not leave an old mark beside the new value."""
    (line,) = write_lines(TICKET, [SettingWrite("reserved_ports", RANGES)], [Record("reserved_ports", "1080-1080")], [])
    assert line.index(r"reg.exe delete HKLM\SOFTWARE\portkeeper\state\reserved_ports") < line.index("/v boot_mark")
    assert line.index("/v dns_pid /t REG_SZ /d %a") < line.index("/v ReservedPorts /t REG_MULTI_SZ")


def test_the_backup_is_on_the_host_before_the_first_write() -> None:
    (line,) = write_lines(TICKET, [SettingWrite("reserved_ports", RANGES)], [], ['"ReservedPorts"=-', ""])
    assert line.index(rf'(echo "ReservedPorts"=-&echo.)>{FOLDER}\restore.reg') < line.index("reg.exe add")


def test_the_lock_is_always_given_back() -> None:
    (line,) = write_lines(TICKET, [SettingWrite("reserved_ports", RANGES)], [], [])
    assert line.index("begin unlock") > line.index("reg.exe add")
    assert f"del ..\\portkeeper\\lock\\{LOCK}&del " in unlock_line(RUN, LOCK)


def test_the_written_sections_are_shown_anew() -> None:
    (line,) = write_lines(TICKET, [SettingWrite("socket_pool_size", 2500)], [], [])
    shown = re.findall(r"begin (\w+)", line)
    assert shown == ["write", "dns", "boot", "state", "unlock"]


def test_a_long_backup_is_spread_over_lines_of_its_own() -> None:
    backup = ["00," * 25 + "\\"] * 200
    lines = write_lines(TICKET, [SettingWrite("reserved_ports", RANGES)], [], backup)
    assert len(lines) > 2
    assert all(len(line) <= MAX_LINE for line in lines)
    assert sum(line.count("echo 00,00") for line in lines) == 200
    files = [re.search(r"\)(>+)\.\.\\portkeeper\\backup\S*\\([a-z.]+)\)", line) for line in lines[:-1]]
    assert [found and (found[1], found[2]) for found in files] == [
        (">", "restore.reg"),
        *[(">>", "restore.reg")] * (len(lines) - 3),
        (">", "rollback.cmd"),
    ]
    assert all("reg.exe add" not in line for line in lines[:-1])


def test_exact_values_are_imported_and_nothing_of_them_is_sent() -> None:
    (line,) = write_lines(TICKET, [SettingWrite("reserved_ports", ("any text",))], [], ["x"], ["y"])
    assert "any text" not in line and "reg.exe add HKLM\\SYSTEM" not in line
    assert rf"(echo y)>{FOLDER}\put-back.reg" in line
    assert rf"reg.exe import {FOLDER}\put-back.reg>nul&call echo reserved_ports " in executed(line)


def test_foreign_text_beyond_ascii_needs_a_file_of_utf_16() -> None:
    text = ["Windows Registry Editor Version 5.00", "", "[KEY]", '"A"=hex(7):e4,00']
    (line,) = write_lines(TICKET, [SettingWrite("reserved_ports", RANGES)], [], text)
    assert "echo Windows Registry Editor" not in line
    steps = [
        r"echo [-HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper\text])",
        rf"reg.exe export HKLM\SOFTWARE\portkeeper\text {FOLDER}\restore.reg",
        rf"cmd.exe /d /u /c type {FOLDER}\wide.tmp>>{FOLDER}\restore.reg",
        rf"(if exist ..\portkeeper\same-{RUN} (",
    ]
    assert [line.index(step) for step in steps] == sorted(line.index(step) for step in steps)


def test_old_backups_are_removed_only_after_a_write() -> None:
    change_id = ChangeId(RUN, LOCK, TICKET.backup, 3)
    (line,) = write_lines(change_id, [SettingWrite("reserved_ports", RANGES)], [], ["x"])
    assert line.index(r"(if exist ..\portkeeper\same-") < line.index('"skip=3"') < line.index("begin tcpip")
    (line,) = write_lines(change_id, [], [Record("reserved_ports", "1080-1080")], [])
    assert "skip=" not in line
    with pytest.raises(BatchError, match="At least one"):
        write_lines(ChangeId(RUN, LOCK, TICKET.backup, 0), [SettingWrite("reserved_ports", RANGES)], [], ["x"])


def test_the_host_s_own_script_compares_first_and_keeps_to_its_limits() -> None:
    lines = restore_script(TICKET.backup, ["reserved_ports", "socket_pool_size", "excluded_udp4"])
    assert lines.index(r"fc.exe /b %b%\reserved_ports.3 %b%\reserved_ports.4>nul||goto changed") < lines.index(
        r"reg.exe import %b%\restore.reg||exit /b 1"
    )
    assert r"netsh.exe -f %b%\restore.netsh>nul" in lines
    assert all(len(line) <= 2047 for line in lines)
    for name in ("x\\y", ""):
        with pytest.raises(BatchError):
            restore_script(name, [])


def test_a_value_that_does_not_fit_is_refused() -> None:
    many = tuple(f"{port}-{port}" for port in range(10000, 12000, 2))
    with pytest.raises(BatchError, match="cmd takes 8000"):
        write_lines(TICKET, [SettingWrite("reserved_ports", many)], [], [])


@given(ranges, st.integers(0, 10000))
def test_the_alphabet_of_every_line(after: tuple[str, ...], size: int) -> None:
    changes = [
        SettingWrite("reserved_ports", after),
        SettingWrite("socket_pool_size", size),
        SettingWrite("excluded_udp4", after[:5]),
    ]
    records = [Record("reserved_ports", ",".join(after)), Record("socket_pool_size", str(size))]
    for line in [prepare_line(TICKET, [change.id for change in changes]), *write_lines(TICKET, changes, records, [])]:
        assert set(line) <= ALPHABET
        assert len(line) <= MAX_LINE


@given(st.text(min_size=1, max_size=40))
def test_foreign_text_never_gets_in(text: str) -> None:
    for change in (SettingWrite("reserved_ports", (text,)), SettingWrite("excluded_udp4", (text,))):
        if not re.fullmatch(r"[0-9]+-[0-9]+", text, re.ASCII):
            with pytest.raises(BatchError):
                write_lines(TICKET, [change], [], [])
    if not re.fullmatch(r"[0-9,-]*|absent", text, re.ASCII):
        with pytest.raises(BatchError):
            write_lines(TICKET, [], [Record("reserved_ports", text)], [])


@pytest.mark.parametrize("name", ["max_user_port", "state", "x\\y", ""])
def test_unknown_settings_are_refused(name: str) -> None:
    with pytest.raises((BatchError, KeyError)):
        write_lines(TICKET, [SettingWrite(name, 1)], [Record(name, "1")], [])


def test_a_bare_port_may_be_recorded() -> None:
    (line,) = write_lines(TICKET, [], [Record("socket_pool_excluded_port_ranges", "51000-51010,52311")], [])
    assert '/v value /t REG_SZ /d "51000-51010,52311" /f' in line
    for value in ("52311,x", "52311,", "1-2,65536", "1_0,2"):
        with pytest.raises(BatchError):
            write_lines(TICKET, [], [Record("reserved_ports", value)], [])


def test_no_environment_variable_stands_behind_a_variable_of_for() -> None:
    """Some command processors pair their percent signs."""
    (line,) = write_lines(
        TICKET, [SettingWrite("reserved_ports", RANGES)], [Record("reserved_ports", "1080-1080")], ["x"]
    )
    assert "%SystemRoot%" not in line[line.index("for /f") :]
