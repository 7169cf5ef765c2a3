# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file per command with a typical rendering, for the eyes of a reviewer: a change of a command shows as a diff.

``make golden`` writes them anew. A file shows a line broken behind each operator and indented by its parentheses;
joined without the spaces in front it is what is sent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch import collector_line, collector_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_lock import (
    survey_line,
    takeover_line,
    unlock_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_reboot import boot_line, reboot_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_record import (
    RAN_BEFORE,
    WINDOW_RECORD,
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
    prepare_line,
    write_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_apply import apply_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_collect import collect_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_order import Order
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline_rollback import rollback_script
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.cmd_language import broken_up
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.cmd_renderings import (
    BACKUPS,
    FEW,
    KEYS,
    LOCK,
    RENDERERS,
    RUN,
    TAKEOVERS,
    TICKET,
    orders,
    records,
)

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("PORTKEEPER_GOLDEN") == "write"
WINDOW = Window(RUN, LOCK, KEYS[:2], ("Follows",), (Exclusion("excluded_udp4", "4500-4500"),), 300, 1764000300, 1484)
NT5 = ("reserved_ports", "socket_pool_size")
CHANGES = [Change("reserved_ports", FEW), Change("socket_pool_size", 2500)]
NT6 = [Change("excluded_udp4", FEW, ("9-10",), ("8-8",))]


def full_order() -> Order:
    """Everything that carried scripts may do, on a host with short values."""
    found = [order for order in orders() if order.values and order.records and order.added and order.window]
    return min((order for order in found if order.victims and order.deferred), key=lambda order: len(str(order)))


CASES: dict[str, Callable[[], list[str]]] = {
    "collector_line": lambda: [collector_line(RUN)],
    "collector_script": lambda: collector_script(RUN),
    "collect_script": lambda: collect_script(RUN),
    "unlock_line": lambda: [unlock_line(RUN, LOCK)],
    "boot_line": lambda: [boot_line(RUN)],
    "reboot_line": lambda: [reboot_line(RUN, LOCK)],
    "survey_line": lambda: [survey_line(RUN)],
    "takeover_line": lambda: [takeover_line(RUN, LOCK, takeover) for takeover in TAKEOVERS],
    "prepare_line": lambda: [prepare_line(TICKET, NT5)],
    "write_lines": lambda: [
        *write_lines(replace(TICKET, kept=3), CHANGES, [records(name) for name in NT5], BACKUPS[1]),
        *write_lines(TICKET, NT6, [records(NT6[0].id)], []),
        *write_lines(TICKET, CHANGES[:1], [records(NT5[0])], BACKUPS[1], BACKUPS[2]),
        *write_lines(TICKET, [Change(NT5[0], ()), Change(NT5[1], None)], [], []),
    ],
    "remember_line": lambda: [
        remember_line(RUN, {WINDOW_RECORD: KEYS, RAN_BEFORE: KEYS[:1]}, {}),
        remember_line(RUN, {WINDOW_RECORD: (), RAN_BEFORE: ()}, {"socket_pool_size": 1484}),
    ],
    "restore_script": lambda: restore_script(TICKET.backup, (*NT5, NT6[0].id)),
    "script": lambda: script(WINDOW),
    "start_line": lambda: [start_line(WINDOW)],
    "unguarded_line": lambda: [unguarded_line(WINDOW)],
    "poll_line": lambda: [poll_line(WINDOW, 45)],
    "finish_line": lambda: [finish_line(WINDOW)],
    "abort_line": lambda: [abort_line(WINDOW)],
    "rescue_line": lambda: [rescue_line(WINDOW)],
    "start_services_line": lambda: [start_services_line(RUN, KEYS)],
    "apply_script": lambda: apply_script(full_order(), RUN),
    "rollback_script": lambda: rollback_script(full_order(), RUN),
}


def shown(name: str) -> str:
    """What the file of a command holds."""
    lines = CASES[name]()
    if name.endswith("script"):
        return "\n".join(lines) + "\n"
    return "\n\n".join("\n".join(broken_up(line)) for line in lines) + "\n"


def test_every_command_has_its_file() -> None:
    assert set(CASES) == set(RENDERERS)
    if WRITE:
        GOLDEN.mkdir(exist_ok=True)
        for path in GOLDEN.glob("*.txt"):
            path.unlink()
    else:
        assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_command_is_as_it_was_reviewed(name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if WRITE:
        path.write_text(shown(name), encoding="ascii")
    assert shown(name) == path.read_text(encoding="ascii"), "if that is meant: make golden, and read its diff"


@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith("script")])
def test_a_file_joined_is_what_is_sent(name: str) -> None:
    blocks = shown(name).rstrip("\n").split("\n\n")
    assert ["".join(row.strip(" ") for row in block.split("\n")) for block in blocks] == CASES[name]()
