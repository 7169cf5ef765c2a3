# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the command lines and scripts that the collection can produce.

Each has a typical form for the eyes of a reviewer, and all its forms: actions, families, options and sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, combinations, islice, product

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import (
    collector_line,
    collector_script,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.host_backup import restore_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import (
    Takeover,
    survey_line,
    takeover_line,
    unlock_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.reboot import boot_line, reboot_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.records import (
    RAN_BEFORE,
    WINDOW_RECORD,
    Record,
    remember_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import (
    ExclusionToAdd,
    Window,
    abort_line,
    finish_line,
    poll_line,
    rescue_line,
    script,
    start_line,
    start_services_line,
    unguarded_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import (
    ChangeId,
    SettingWrite,
    prepare_line,
    write_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.apply import apply_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.collect import collect_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.order import ScriptPlan, Value
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.rollback import rollback_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    REG_DWORD,
    REG_MULTI_SZ,
    SIGNATURES,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import NETSH, RANGES, SETTINGS

Rendered = Iterator[str | list[str]]

RUN = "0123456789abcdef"
WRITTEN = sorted(setting.id for setting in SETTINGS.values() if setting.is_written)
LOCK = f"1764000000-{RUN}"
TICKET = ChangeId(RUN, LOCK, f"20261123T160000Z-{RUN}")
OTHERS = ("1763999000-fedcba9876543210", "1763998000-fedcba9876543210")
TAKEOVERS = (
    Takeover(),
    Takeover(OTHERS[:1]),
    Takeover((OTHERS[0], f"window-{OTHERS[1]}"), OTHERS[:1]),
    Takeover(OTHERS, OTHERS, OTHERS),
)
FEW = ("1080-1080", "1433-1434")
MANY = tuple(f"{port}-{port}" for port in range(10_000, 10_500, 2))
KEYS = ("PolicyAgent", "IAS", "MSSQL$A B")
BACKUPS = (
    [],
    [SIGNATURES[DIALECT_4], "", "[KEY]", '"ReservedPorts"=-'],
    [SIGNATURES[DIALECT_5], "", "[KEY]", '"ReservedPorts"=hex(7):e4,00'],
    [SIGNATURES[DIALECT_4], "", "[KEY]", '"ReservedPorts"=hex(7):' + "00," * 24 + "\\", *["  00," * 20 + "\\"] * 150],
)


def subsets(names: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Yield all subsets, the empty one included."""
    for size in range(len(names) + 1):
        yield from combinations(names, size)


def changes(name: str) -> Iterator[SettingWrite]:
    """Ways in which one setting may change."""
    if name in RANGES:
        yield SettingWrite(name, ("49152-65535",), ("1025-65534",))
        return
    if name in NETSH:
        yield from (
            SettingWrite(name, FEW, ("9-10",), ("8-8",)),
            SettingWrite(name, MANY * 3, MANY),
            SettingWrite(name, (), (), FEW),
        )
    elif not SETTINGS[name].is_list:
        yield from (SettingWrite(name, 2500), SettingWrite(name, None))
    else:
        yield from (
            SettingWrite(name, FEW),
            SettingWrite(name, MANY[:30]),
            SettingWrite(name, ()),
            SettingWrite(name, None),
        )


def records(name: str) -> Record:
    """Return what is recorded of a setting."""
    return Record(name, "2500" if name == "socket_pool_size" else "1080-1080,1433-1434")


def windows() -> Iterator[Window]:
    """Windows of every shape."""
    lists = [(), *((ExclusionToAdd(name, "4500-4500"),) for name in NETSH)]
    lists.append(tuple(ExclusionToAdd(name, ports) for name in NETSH for ports in MANY[:60]))
    for services_to_start, dependents, exclusions, deadline in product(
        ((), KEYS[:1], KEYS), ((), KEYS), lists, (60, 3600)
    ):
        yield Window(RUN, LOCK, services_to_start, dependents, exclusions, deadline, 1764000300)
        yield Window(RUN, LOCK, services_to_start, dependents, exclusions, deadline, 1764000300, 1484, ("WINS",))
        yield Window(RUN, LOCK, services_to_start, dependents, exclusions, deadline, 1764000300, 1484, (), True)
    for dependents, exclusions, restarted in product(((), KEYS), lists[:2], (KEYS[:1], KEYS)):
        yield Window(RUN, LOCK, (), dependents, exclusions, 300, 1764000300, 1484, services_to_restart=restarted)


def orders() -> Iterator[ScriptPlan]:
    """Yield what carried scripts may have to do."""
    pool = SETTINGS["socket_pool_size"]
    ports = SETTINGS["reserved_ports"]
    number = (REG_DWORD, b"\xc4\x09\0\0")
    short, long = ("1-2\0\0".encode("utf-16-le"), ("1-2\0" * 400 + "\0").encode("utf-16-le"))
    values: tuple[tuple[Value, ...], ...] = (
        (),
        (Value(ports, None, (REG_MULTI_SZ, short)),),
        (Value(ports, (REG_MULTI_SZ, long), None), Value(pool, (REG_DWORD, b"\1\0\0\0"), (REG_DWORD, b"\2\0\0\0"))),
    )
    tables: tuple[dict[str, tuple[str, ...]], ...] = ({}, dict.fromkeys(NETSH, FEW))
    for chosen, recorded, added, removed, deferred, window, named in product(
        values, (False, True), tables, tables, tables, (False, True), ((), KEYS)
    ):
        yield ScriptPlan(
            computer="SBS01",
            dialect=DIALECT_5,
            values=chosen,
            records=tuple(records(name) for name in WRITTEN) if recorded else (),
            added=added,
            removed=removed,
            deferred=deferred,
            window=window,
            services_to_start=named,
            dependents=named,
            reboot=window,
            new_id=recorded,
            copied=recorded,
            services_to_restart=("Netbird",) if window and added else (),
            process=1484 if named else None,
            held=(Value(pool, number, number),) if recorded and len(chosen) < len(values[-1]) else (),
        )


def _collector_lines() -> Rendered:
    yield collector_line(RUN)
    for row in SECTIONS.values():
        yield collector_line(RUN, [row.id])
    yield from (collector_line(RUN, pair) for pair in combinations([*SECTIONS], 2))


def _prepare_lines() -> Rendered:
    yield from (prepare_line(TICKET, chosen) for chosen in subsets([*WRITTEN, *NETSH, *RANGES]))


def _write_lines() -> Rendered:
    families = ("reserved_ports", "socket_pool_size"), ("socket_pool_size", "socket_pool_excluded_port_ranges", *NETSH)
    for chosen in (names for family in families for names in subsets(dict.fromkeys(family))):
        recorded = [records(name) for name in chosen]
        for changed in product(*(changes(name) for name in chosen)):
            if chosen:
                yield from write_lines(TICKET, changed, recorded, BACKUPS[len(changed) % 3])
    change_id = ChangeId(TICKET.run, TICKET.lock, TICKET.backup, 3, RUN * 2)
    for backup, put_back, recorded in product(BACKUPS, BACKUPS, ([], [records(name) for name in WRITTEN])):
        yield from write_lines(
            change_id, [SettingWrite(name, FEW) for name in ("reserved_ports",)], recorded, backup, put_back
        )
    for changed in product(*(changes(name) for name in NETSH)):
        yield from write_lines(change_id, changed, [], [])
    for others in subsets([*NETSH, "socket_pool_excluded_port_ranges", "socket_pool_size"]):
        changed = [change for name in (*RANGES, *others) for change in islice(changes(name), 1)]
        yield from write_lines(change_id, changed, [records(change.id) for change in changed], [])
    yield from write_lines(TICKET, [], [records(name) for name in (*WRITTEN, *NETSH)], [])


WINDOW = Window(
    run=RUN,
    lock=LOCK,
    services_to_start=KEYS[:2],
    dependents=("Follows",),
    exclusions=(ExclusionToAdd("excluded_udp4", "4500-4500"),),
    deadline=300,
    until=1764000300,
    process=1484,
    services_to_restart=("Netbird",),
)
NT5 = ("reserved_ports", "socket_pool_size")
CHANGES = [SettingWrite("reserved_ports", FEW), SettingWrite("socket_pool_size", 2500)]
NT6 = [SettingWrite("excluded_udp4", FEW, ("9-10",), ("8-8",))]
MOVED = [change for name in RANGES for change in changes(name)]
OLD_RANGES = dict.fromkeys(RANGES, "1025-65534")

LEFT_BEHIND = {
    "1763000000-00000000000000aa": frozenset(("boot", "claimed", "end")),
    "1763000001-00000000000000bb": frozenset(("boot", "claimed")),
}
"""The folders of earlier windows."""

WINDOW_LINES: dict[str, Callable[[Window], str]] = {
    "start_line": start_line,
    "unguarded_line": unguarded_line,
    "poll_line": partial(poll_line, seconds=45),
    "finish_line": partial(finish_line, others=LEFT_BEHIND),
    "abort_line": abort_line,
    "rescue_line": rescue_line,
}
"""The command lines of a window, by the name of the public function."""


def full_order() -> ScriptPlan:
    """Everything that carried scripts may do, on a host with short values."""
    found = [order for order in orders() if order.values and order.records and order.added and order.window]
    return min(
        (order for order in found if order.services_to_start and order.deferred), key=lambda order: len(str(order))
    )


@dataclass(frozen=True)
class Renderer:
    """One kind of line or script.

    Attributes:
        typical: the lines of its golden file.
        every: all its forms, a command line or the lines of a script each; the typical one where there is no other.
    """

    typical: Callable[[], list[str]]
    every: Callable[[], Rendered]


def _fixed(text: str | list[str]) -> Renderer:
    """Return a line or a script that has one form."""
    return Renderer(lambda: [text] if isinstance(text, str) else text, lambda: iter([text]))


def _typical_writes() -> list[str]:
    return [
        *write_lines(replace(TICKET, kept=3, machine=RUN * 2), CHANGES, [records(name) for name in NT5], BACKUPS[1]),
        *write_lines(TICKET, NT6, [records(NT6[0].id)], []),
        *write_lines(TICKET, MOVED, [Record(change.id, "49152-65535") for change in MOVED], []),
        *write_lines(TICKET, CHANGES[:1], [records(NT5[0])], BACKUPS[1], BACKUPS[2]),
        *write_lines(TICKET, [SettingWrite(NT5[0], ()), SettingWrite(NT5[1], None)], [], []),
    ]


def _remember_lines() -> Rendered:
    for names, owed in product(((), KEYS[:1], KEYS), repeat=2):
        for process in ({}, {"socket_pool_size": 1484, "socket_pool_excluded_port_ranges": None}):
            for lock in (None, LOCK):
                yield remember_line(RUN, {WINDOW_RECORD: names, RAN_BEFORE: owed}, process, lock)


def _typical_starts() -> list[str]:
    """With a task that is created by switches, and from a file."""
    return [start_line(replace(WINDOW, exclusions=())), start_line(replace(WINDOW, task_file=True))]


def _of_windows(render: Callable[[Window], str]) -> Renderer:
    return Renderer(lambda: [render(WINDOW)], lambda: map(render, windows()))


RENDERERS: dict[str, Renderer] = {
    "collector_line": Renderer(lambda: [collector_line(RUN)], _collector_lines),
    "collector_script": _fixed(collector_script(RUN)),
    "collect_script": _fixed(collect_script(RUN)),
    "unlock_line": _fixed(unlock_line(RUN, LOCK)),
    "boot_line": _fixed(boot_line(RUN)),
    "reboot_line": _fixed(reboot_line(RUN, LOCK)),
    "survey_line": _fixed(survey_line(RUN)),
    "takeover_line": Renderer(
        lambda: [takeover_line(RUN, LOCK, takeover) for takeover in TAKEOVERS],
        lambda: (takeover_line(RUN, LOCK, takeover) for takeover in TAKEOVERS),
    ),
    "prepare_line": Renderer(lambda: [prepare_line(TICKET, NT5), prepare_line(TICKET, [*RANGES])], _prepare_lines),
    "write_lines": Renderer(_typical_writes, _write_lines),
    "remember_line": Renderer(
        lambda: [
            remember_line(RUN, {WINDOW_RECORD: KEYS, RAN_BEFORE: KEYS[:1]}, {}),
            remember_line(RUN, {WINDOW_RECORD: (), RAN_BEFORE: ()}, {"socket_pool_size": 1484}),
        ],
        _remember_lines,
    ),
    "restore_script": Renderer(
        lambda: restore_script(TICKET.backup, (*NT5, NT6[0].id, *RANGES), OLD_RANGES),
        lambda: (
            restore_script(TICKET.backup, (*chosen, *ranges), ranges)
            for chosen in subsets([*WRITTEN, *NETSH])
            for ranges in ({}, OLD_RANGES)
        ),
    ),
    "script": Renderer(lambda: script(WINDOW), lambda: map(script, windows())),
    **{name: _of_windows(render) for name, render in WINDOW_LINES.items()},
    "start_line": Renderer(_typical_starts, lambda: chain(_typical_starts()[1:], map(start_line, windows()))),
    "poll_line": Renderer(
        lambda: [poll_line(WINDOW, 45)], lambda: (poll_line(WINDOW, seconds) for seconds in (0, 45, 3600))
    ),
    "start_services_line": Renderer(
        lambda: [start_services_line(RUN, KEYS)],
        lambda: iter([start_services_line(RUN, KEYS), start_services_line(RUN, KEYS[:1])]),
    ),
    "apply_script": Renderer(
        lambda: apply_script(full_order(), RUN), lambda: (apply_script(order, RUN) for order in orders())
    ),
    "rollback_script": Renderer(
        lambda: rollback_script(full_order(), RUN), lambda: (rollback_script(order, RUN) for order in orders())
    ),
}
"""By the name of the public function: every one that renders whole lines or scripts is here (a test compares)."""
