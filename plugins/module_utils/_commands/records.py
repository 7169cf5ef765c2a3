# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the records that the collection keeps on the host: values written, boot, and process of DNS at that time.

A record holds what was read on the host at the moment of its write. What could not be read is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._windows.registry_file import DIALECT_4, SIGNATURES, long_key
from .._windows.service_states import HIGHEST_PID, STOPPED
from .._windows.settings import ABSENT, NETSH, RAN_BEFORE_RECORD, RANGES, RECORDED_STOPPED, STATE_KEY, written_setting
from .cmd import A_PROCESS, NO_PROCESS, BatchError, matching, number, port_range, section, service, state_is, wrap
from .collect import section_commands
from .lock import if_locked

_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
SHUTDOWN_KEY, SHUTDOWN_VALUE = rf"{_CONTROL}\Windows", "ShutdownTime"
_BOOT_ID = rf'"{_CONTROL}\Session Manager\Memory Management\PrefetchParameters" /v BootId'
_DNS = "sc.exe queryex DNS"

WINDOW_RECORD = "dns_window"
"""The record of a window after which services were still down: their keys, joined by commas."""

RAN_BEFORE = RAN_BEFORE_RECORD
"""The record of what ran before a window and is to run after it: keys joined by commas, DNS among them.

It is written before DNS is stopped. The window's script removes it when all of that runs again.
"""

SERVICE_LISTS = (RAN_BEFORE, WINDOW_RECORD)
"""Records that hold service keys."""

DNS_STOPPED = RECORDED_STOPPED
"""What stands in a record in place of DNS's process id where the service manager said STOPPED without a process."""


@dataclass(frozen=True)
class Record:
    """The record of one setting: its id and its canonical value (`a-b,c-d`, a number or `absent`)."""

    id: str
    value: str


def is_recorded(name: str) -> bool:
    """Return whether a record may have this name under STATE_KEY."""
    return written_setting(name) is not None or name in (*NETSH, *RANGES, *SERVICE_LISTS)


def remember_line(
    run: str, lists: Mapping[str, Sequence[str]], process: Mapping[str, int | None], lock: str | None = None
) -> str:
    """Render the line that records the state after a window and reads the records again.

    Args:
        run: the nonce.
        lists: by record (of SERVICE_LISTS) the service keys it is to hold; none removes the record.
        process: by setting the process of DNS from before the window, which is to stand in the setting's record; None
            where it has no known number: the window stopped it, so the word for that stands there.
        lock: our lock file, without which nothing is written; None where the host is not locked.

    Raises:
        BatchError: a name is malformed, or there is nothing to write.
    """
    steps = recorded([Record(name, ",".join(map(_key, keys))) for name, keys in lists.items()])
    for name, pid in process.items():
        text = DNS_STOPPED if pid is None else number(pid, HIGHEST_PID)
        steps.append(rf"reg.exe add {STATE_KEY}\{_recordable(name)} /v dns_pid /t REG_SZ /d {text} /f")
    if not steps:
        raise BatchError("There is nothing to write down.")
    write = f"({'&'.join(steps)})>nul"
    if lock is not None:
        write = if_locked(lock, write)
    return wrap(run, [section(run, "write", write), *section_commands(run, ["state"])])


def recorded(records: Sequence[Record]) -> list[str]:
    """Render the commands that write the records with the current boot mark and process of DNS, read on the host.

    An old record goes first: what could not be read must not leave an older mark behind. The process id comes from the
    service manager, because any program may be called dns.exe; where it says none, none is recorded. A list of services
    without one is no record.
    """
    parts = [rf"reg.exe delete {STATE_KEY}\{_recordable(record.id)} /f" for record in records]
    kept = [record for record in records if _is_kept(record)]
    for record in kept:
        parts.append(rf'reg.exe add {STATE_KEY}\{record.id} /v value /t REG_SZ /d "{_text(record)}" /f')
    shutdown = rf"reg.exe query {SHUTDOWN_KEY} /v {SHUTDOWN_VALUE} ^|findstr.exe REG_BINARY"
    boot_id = f"reg.exe query {_BOOT_ID} ^|findstr.exe REG_DWORD"
    ids = [record.id for record in kept]
    if ids:
        counted = f"""for /f "tokens=3" %b in ('{boot_id}') do @for /f "tokens=2 delims=x" %c in ("%b") do @"""
        marked = f"({_each(ids, 'boot_mark', '%a')}&{counted}({_each(ids, 'boot_mark', '%a-%c')}))"
        parts.append(f"""(for /f "tokens=3" %a in ('{shutdown}') do @{marked})""")
    ids = [name for name in ids if name not in SERVICE_LISTS]
    if ids:
        running = f"{_DNS} ^|{matching(A_PROCESS)}"
        parts.append(f"""(for /f "tokens=2 delims=:" %a in ('{running}') do @({_each(ids, "dns_pid", "%a")}))""")
        idle = f"{_DNS}|{matching(state_is(STOPPED))}>nul&&{_DNS}|{matching(NO_PROCESS)}>nul"
        parts.append(f"({idle}&&({_each(ids, 'dns_pid', DNS_STOPPED)}))")
    return parts


def record_file(records: Sequence[Record], mark: str) -> list[str]:
    """Render the lines of a registry file with the same records, for a host without reg.exe.

    REGEDIT4 is plain ASCII, as `echo` writes it, and each regedit reads it. The file holds no process of DNS: without
    it, only a boot proves that the value took effect.

    Args:
        records: what is recorded.
        mark: what stands for the boot mark: the variable into which the script has read it.
    """
    lines = [SIGNATURES[DIALECT_4], ""]
    for record in records:
        key = long_key(rf"{STATE_KEY}\{_recordable(record.id)}")
        lines += [f"[-{key}]", ""]
        if _is_kept(record):
            lines += [f"[{key}]", f'"value"="{_text(record)}"', f'"boot_mark"="{mark}"', ""]
    return lines


def _is_kept(record: Record) -> bool:
    return bool(record.value) or record.id not in SERVICE_LISTS


def _text(record: Record) -> str:
    return _keys(record.value) if record.id in SERVICE_LISTS else _canonical(record.value)


def _each(ids: Sequence[str], name: str, data: str) -> str:
    """Render the commands that add the same value to several records."""
    return "&".join(rf"reg.exe add {STATE_KEY}\{record} /v {name} /t REG_SZ /d {data} /f" for record in ids)


def _recordable(name: str) -> str:
    if not is_recorded(name):
        raise BatchError(f"{name!r} is not a setting that has a record.")
    return name


def _keys(value: str) -> str:
    return ",".join(map(_key, value.split(",")))


def _key(name: str) -> str:
    return service(name).strip('"')


def _canonical(value: str) -> str:
    if value in (ABSENT, ""):
        return value
    if _is_number(value):
        return number(int(value), 65536)
    # A bare port is not canonical, but a rollback restores it as it was found.
    entries = [number(int(text), 65535) if _is_number(text) else port_range(text) for text in value.split(",")]
    return ",".join(entries)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
