# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A remote command line contains only literals and a few kinds of tokens.

Every renderer is given random plans, windows and backups, and then, for every token that it takes, foreign text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import (
    ALPHABET,
    MAX_LINE,
    MAX_SCRIPT_LINE,
    BatchError,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import (
    collector_line,
    collector_script,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.host_backup import restore_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import (
    Takeover,
    takeover_line,
    unlock_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.records import (
    RAN_BEFORE,
    WINDOW_RECORD,
    Record,
    remember_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import (
    ExclusionToAdd,
    Window,
    script,
    start_line,
    start_services_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import (
    ChangeId,
    SettingWrite,
    prepare_line,
    write_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    REG_BINARY,
    render_reg,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import NETSH, SETTINGS
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_guard import (
    line_violations,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_renderings import (
    LOCK,
    RUN,
    TICKET,
    WINDOW_LINES,
)

BACKUP = TICKET.backup
CONTROL = re.compile(r"[^ -~]")

keys = st.from_regex(r"[A-Za-z0-9_.$-]([A-Za-z0-9_.$ -]{0,20}[A-Za-z0-9_.$-])?", fullmatch=True)
ports = st.tuples(st.integers(1, 65535), st.integers(0, 99)).map(
    lambda pair: f"{pair[0]}-{min(65535, pair[0] + pair[1])}"
)
range_lists = st.lists(ports, max_size=12).map(tuple)
# What a hostile registry, service manager or backup might offer for a token.
foreign = st.text(st.characters(codec="utf-8") | st.sampled_from("&|<>^%\"'`!\n\r\0\x1b１"), min_size=1, max_size=12)


def windows_of(to_start: int, dependents: int, to_restart: int) -> st.SearchStrategy[Window]:
    """Return windows with so many services at most, and up to four ranges."""
    return st.builds(
        Window,
        run=st.just(RUN),
        lock=st.just(LOCK),
        services_to_start=st.lists(keys, max_size=to_start).map(tuple),
        dependents=st.lists(keys, max_size=dependents).map(tuple),
        exclusions=st.lists(st.builds(ExclusionToAdd, st.sampled_from(sorted(NETSH)), ports), max_size=4).map(tuple),
        deadline=st.integers(60, 3600),
        until=st.integers(1_700_000_000, 9_999_999_999),
        task_file=st.booleans(),
        services_to_restart=st.lists(keys, max_size=to_restart).map(tuple),
    )


# A service that is restarted takes much room on the line: see test_a_window_for_too_many_services_is_refused.
windows = windows_of(4, 4, 1) | windows_of(1, 2, 3)
changes = st.tuples(
    st.builds(
        SettingWrite, st.sampled_from(["reserved_ports", "socket_pool_excluded_port_ranges"]), range_lists | st.none()
    ),
    st.builds(SettingWrite, st.just("socket_pool_size"), st.integers(0, 10_000) | st.none()),
    st.builds(SettingWrite, st.sampled_from(sorted(NETSH)), range_lists, range_lists, range_lists),
)
tickets = st.builds(
    ChangeId,
    st.just(RUN),
    st.just(LOCK),
    st.just(BACKUP),
    st.none() | st.integers(1, 1000),
    st.none() | st.just(RUN * 2),
)
takeovers = st.sampled_from(
    [
        Takeover(),
        Takeover((f"1763000000-{RUN}",)),
        Takeover((f"window-1763000000-{RUN}", f"0-{RUN}"), (f"0-{RUN}",), (f"0-{RUN}",)),
    ]
)


def window_lines(window: Window) -> list[str]:
    return [render(window) for render in WINDOW_LINES.values()]


def assert_sound(lines: Sequence[str], limit: int = MAX_LINE) -> None:
    for line in lines:
        assert set(line) <= ALPHABET
        assert not CONTROL.search(line)
        assert len(line) <= limit
        assert line.count('"') % 2 == 0


@pytest.mark.no_cover
@settings(max_examples=60)
@given(window=windows, takeover=takeovers)
def test_windows_keep_to_the_alphabet(window: Window, takeover: Takeover) -> None:
    lines = [*window_lines(window), takeover_line(RUN, LOCK, takeover)]
    assert_sound(lines)
    assert not any(line_violations(line) for line in lines)
    assert_sound(script(window), MAX_SCRIPT_LINE)


def test_a_window_for_too_many_services_is_refused() -> None:
    names = tuple(f"Service{number:013d}" for number in range(14))
    window = Window(RUN, LOCK, names[:4], names[4:8], (), 800, 1_700_000_000, services_to_restart=names[8:])
    with pytest.raises(BatchError, match=f"characters long, cmd takes {MAX_LINE}"):
        start_line(window)


@pytest.mark.no_cover
@settings(max_examples=60)
@given(change_id=tickets, change=changes, records=st.lists(ports, max_size=3), names=st.lists(keys, max_size=4))
def test_plans_and_backups_keep_to_the_alphabet(
    change_id: ChangeId, change: tuple[SettingWrite, ...], records: list[str], names: list[str]
) -> None:
    written = [Record("reserved_ports", ",".join(records) or "absent"), Record("socket_pool_size", "2500")]
    backup = render_reg({SETTINGS["reserved_ports"].key.replace("HKLM", "HKEY_LOCAL_MACHINE"): {"x": None}})
    lines = [
        *write_lines(change_id, change, written, backup.split("\r\n")[:-1]),
        prepare_line(change_id, [row.id for row in change]),
        remember_line(RUN, {WINDOW_RECORD: names, RAN_BEFORE: names[:1]}, {"socket_pool_size": 1500}),
        *([start_services_line(RUN, names)] if names else []),
    ]
    assert_sound(lines)
    assert not any(line_violations(line) for line in lines)
    assert_sound([*restore_script(BACKUP, [row.id for row in change]), *collector_script(RUN)], MAX_SCRIPT_LINE)


@settings(max_examples=60)
@given(raw=st.binary(max_size=200), kind=st.integers(0, 2**32 - 1))
def test_the_bytes_of_a_value_reach_a_line_as_hex_digits_only(raw: bytes, kind: int) -> None:
    """A registry value that looks like a command is put back, and backed up, as digits."""
    key = SETTINGS["reserved_ports"].key.replace("HKLM", "HKEY_LOCAL_MACHINE")
    value = (kind, raw + b"&\0d\0e\0l\0")
    text = render_reg({key: {"ReservedPorts": value}}).rstrip("\r\n").split("\r\n")
    data = "".join(text[3:]).partition("=")[2]
    assert re.fullmatch(r"hex(\([0-9a-f]+\))?:[0-9a-f, \\]*", data)
    lines = write_lines(ChangeId(RUN, LOCK, BACKUP), [SettingWrite("reserved_ports", ())], [], text, text)
    assert_sound(lines)
    assert ("hex:" in data) == (kind == REG_BINARY)


@given(window=windows)
def test_only_tokens_that_were_given_differ_between_two_windows(window: Window) -> None:
    """Taking every given token out of a line leaves what a window without them renders."""
    bare = Window(RUN, LOCK, (), (), (), window.deadline, window.until)
    for name in ("poll_line", "finish_line", "abort_line"):
        assert WINDOW_LINES[name](window) == WINDOW_LINES[name](bare)
    quoted = {f'"{name}"' for name in (*window.services_to_start, *window.dependents, *window.services_to_restart)}
    quoted |= {
        rf'"HKLM\SYSTEM\CurrentControlSet\Services\{name}"'
        for name in (*window.dependents, *window.services_to_restart)
    }
    plain = Window(RUN, LOCK, (), (), window.exclusions, 60, 1, services_to_restart=window.services_to_restart[:1])
    ours = set(re.findall(r'"[^"]*"', "\n".join(script(plain))))
    found = set(re.findall(r'"[^"\n]*"', "\n".join(script(window))))
    assert found - ours <= quoted


RENDERERS: dict[str, Callable[[Any], object]] = {
    "nonce": collector_line,
    "lock": lambda text: unlock_line(RUN, text),
    "stale lock": lambda text: takeover_line(RUN, LOCK, Takeover((text,))),
    "dead window": lambda text: takeover_line(RUN, LOCK, Takeover((LOCK,), (text,), (text,))),
    "backup": lambda text: prepare_line(ChangeId(RUN, LOCK, text), ["reserved_ports"]),
    "backup of a script": lambda text: restore_script(text, []),
    "victim": lambda text: start_line(Window(RUN, LOCK, (text,), (), (), 300, 1)),
    "restarted": lambda text: start_line(Window(RUN, LOCK, (), (), (), 300, 1, services_to_restart=(text,))),
    "dependent": lambda text: start_line(Window(RUN, LOCK, (), (text,), (), 300, 1)),
    "exclusion": lambda text: start_line(Window(RUN, LOCK, (), (), (ExclusionToAdd("excluded_udp4", text),), 300, 1)),
    "service": lambda text: start_services_line(RUN, [text]),
    "record of a window": lambda text: remember_line(RUN, {WINDOW_RECORD: [text]}, {}),
    "record of what ran": lambda text: remember_line(RUN, {RAN_BEFORE: ["DNS", text]}, {}),
    "setting with a process": lambda text: remember_line(RUN, {}, {text: 1500}),
    "process of a record": lambda text: remember_line(RUN, {}, {"socket_pool_size": text}),
    "lock of a record": lambda text: remember_line(RUN, {}, {"socket_pool_size": 1500}, text),
    "range": lambda text: write_lines(ChangeId(RUN, LOCK, BACKUP), [SettingWrite("reserved_ports", (text,))], [], []),
    "range of netsh": lambda text: write_lines(
        ChangeId(RUN, LOCK, BACKUP), [SettingWrite("excluded_udp4", (text,))], [], []
    ),
    "row of netsh": lambda text: write_lines(
        ChangeId(RUN, LOCK, BACKUP), [SettingWrite("excluded_udp4", (), (text,))], [], []
    ),
    "number": lambda text: write_lines(ChangeId(RUN, LOCK, BACKUP), [SettingWrite("socket_pool_size", text)], [], []),
    "record": lambda text: write_lines(ChangeId(RUN, LOCK, BACKUP), [], [Record("reserved_ports", text)], []),
    "name of a record": lambda text: write_lines(ChangeId(RUN, LOCK, BACKUP), [], [Record(text, "1-1")], []),
}
HOSTILE = (
    "1433 & del", "%PATH%", "^", '"', "'", "a\nb", "a\r\nb", "１４３３", "1-2&x", "1-2\n", "-", "1-", "", "a|b", "a>b",
    "a\0b", "..", "..\\..\\x", "a/b", "(x)", "x" * 81, "\x1b[2J", "{{ 7*7 }}", "٣-٤", "²",
)  # fmt: skip


@pytest.mark.parametrize("name", RENDERERS)
@given(text=foreign)
def test_a_foreign_token_is_refused_or_of_its_kind(name: str, text: str) -> None:
    """Whatever is offered for a token: an error, or it is of the narrow alphabet of service keys and ranges."""
    try:
        RENDERERS[name](text)
    except BatchError:
        return
    assert re.fullmatch(r"[A-Za-z0-9_.$,-]([A-Za-z0-9_.$, -]*[A-Za-z0-9_.$,-])?", text)


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_tokens_are_refused(name: str, text: str) -> None:
    keys = ("victim", "restarted", "dependent", "service", "record of a window", "record of what ran")
    if name in keys and text in ("-", "..", "1-"):
        return
    if name == "record" and text == "":
        return
    with pytest.raises(BatchError):
        RENDERERS[name](text)
