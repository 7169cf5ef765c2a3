# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of command line and script that the collection can produce: actions, families, options and sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch import (
    COLLECTOR,
    collector_line,
    collector_script,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_lock import (
    Takeover,
    survey_line,
    takeover_line,
    unlock_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_reboot import boot_line, reboot_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_record import (
    RAN_BEFORE,
    WINDOW_RECORD,
    Record,
    remember_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_restore import restore_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_window import (
    Exclusion,
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
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_write import (
    Change,
    Ticket,
    prepare_line,
    write_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_apply import apply_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_collect import collect_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_order import Order, Value
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_rollback import rollback_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._regfile import (
    DIALECT_4,
    DIALECT_5,
    REG_DWORD,
    REG_MULTI_SZ,
    SIGNATURES,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._settings import NETSH, SETTINGS

Rendered = Iterator[str | list[str]]

RUN = "0123456789abcdef"
LOCK = f"1764000000-{RUN}"
TICKET = Ticket(RUN, LOCK, f"20261123T160000Z-{RUN}")
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


def subsets(names: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """All subsets, the empty one included."""
    for size in range(len(names) + 1):
        yield from combinations(names, size)


def changes(name: str) -> Iterator[Change]:
    """Ways in which one setting may change."""
    if name in NETSH:
        yield from (Change(name, FEW, ("9-10",), ("8-8",)), Change(name, MANY * 3, MANY), Change(name, (), (), FEW))
    elif SETTINGS[name].registry_type == "REG_DWORD":
        yield from (Change(name, 2500), Change(name, None))
    else:
        yield from (Change(name, FEW), Change(name, MANY[:30]), Change(name, ()), Change(name, None))


def records(name: str) -> Record:
    """What is recorded of a setting."""
    return Record(name, "2500" if name == "socket_pool_size" else "1080-1080,1433-1434")


def windows() -> Iterator[Window]:
    """Windows of every shape."""
    lists = [(), *((Exclusion(name, "4500-4500"),) for name in NETSH)]
    lists.append(tuple(Exclusion(name, ports) for name in NETSH for ports in MANY[:60]))
    for victims, dependents, exclusions, deadline in product(((), KEYS[:1], KEYS), ((), KEYS), lists, (60, 3600)):
        yield Window(RUN, LOCK, victims, dependents, exclusions, deadline, 1764000300)
        yield Window(RUN, LOCK, victims, dependents, exclusions, deadline, 1764000300, 1484, ("WINS",))


def orders() -> Iterator[Order]:
    """What carried scripts may have to do."""
    pool = SETTINGS["socket_pool_size"]
    ports = SETTINGS["reserved_ports"]
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
        yield Order(
            computer="SBS01",
            dialect=DIALECT_5,
            values=chosen,
            records=tuple(records(name) for name in SETTINGS) if recorded else (),
            added=added,
            removed=removed,
            deferred=deferred,
            window=window,
            victims=named,
            dependents=named,
            reboot=window,
            new_id=recorded,
            copied=recorded,
        )


def _collector_lines() -> Rendered:
    yield collector_line(RUN)
    for row in COLLECTOR:
        yield collector_line(RUN, [row.id])
    yield from (collector_line(RUN, pair) for pair in combinations([row.id for row in COLLECTOR], 2))


def _prepare_lines() -> Rendered:
    yield from (prepare_line(TICKET, chosen) for chosen in subsets({**SETTINGS, **NETSH}))


def _write_lines() -> Rendered:
    families = ("reserved_ports", "socket_pool_size"), ("socket_pool_size", "socket_pool_excluded_port_ranges", *NETSH)
    for chosen in (names for family in families for names in subsets(dict.fromkeys(family))):
        recorded = [records(name) for name in chosen]
        for changed in product(*(changes(name) for name in chosen)):
            if chosen:
                yield from write_lines(TICKET, changed, recorded, BACKUPS[len(changed) % 3])
    ticket = Ticket(TICKET.run, TICKET.lock, TICKET.backup, 3, RUN * 2)
    for backup, put_back, recorded in product(BACKUPS, BACKUPS, ([], [records(name) for name in SETTINGS])):
        yield from write_lines(ticket, [Change(name, FEW) for name in ("reserved_ports",)], recorded, backup, put_back)
    for changed in product(*(changes(name) for name in NETSH)):
        yield from write_lines(ticket, changed, [], [])
    yield from write_lines(TICKET, [], [records(name) for name in (*SETTINGS, *NETSH)], [])


def _window_lines(render: Callable[[Window], str]) -> Callable[[], Rendered]:
    return lambda: (render(window) for window in windows())


RENDERERS: dict[str, Callable[[], Rendered]] = {
    "collector_line": _collector_lines,
    "collector_script": lambda: iter([collector_script(RUN)]),
    "collect_script": lambda: iter([collect_script(RUN)]),
    "unlock_line": lambda: iter([unlock_line(RUN, LOCK)]),
    "boot_line": lambda: iter([boot_line(RUN)]),
    "reboot_line": lambda: iter([reboot_line(RUN, LOCK)]),
    "survey_line": lambda: iter([survey_line(RUN)]),
    "takeover_line": lambda: (takeover_line(RUN, LOCK, takeover) for takeover in TAKEOVERS),
    "prepare_line": _prepare_lines,
    "write_lines": _write_lines,
    "remember_line": lambda: (
        remember_line(RUN, {WINDOW_RECORD: names, RAN_BEFORE: owed}, process)
        for names, owed in product(((), KEYS[:1], KEYS), repeat=2)
        for process in ({}, {"socket_pool_size": 1484, "socket_pool_excluded_port_ranges": None})
    ),
    "restore_script": lambda: (restore_script(TICKET.backup, chosen) for chosen in subsets({**SETTINGS, **NETSH})),
    "script": lambda: (script(window) for window in windows()),
    "start_line": _window_lines(start_line),
    "unguarded_line": _window_lines(unguarded_line),
    "poll_line": lambda: (poll_line(next(windows()), seconds) for seconds in (0, 45, 3600)),
    "finish_line": _window_lines(finish_line),
    "abort_line": _window_lines(abort_line),
    "rescue_line": _window_lines(rescue_line),
    "start_services_line": lambda: iter([start_services_line(RUN, KEYS), start_services_line(RUN, KEYS[:1])]),
    "apply_script": lambda: (apply_script(order, RUN) for order in orders()),
    "rollback_script": lambda: (rollback_script(order, RUN) for order in orders()),
}
"""By the name of the public function: every one that renders whole lines or scripts is here (a test compares)."""
