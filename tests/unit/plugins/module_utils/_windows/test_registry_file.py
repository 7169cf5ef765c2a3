# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact bytes are read from registry files and written to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    REG_BINARY,
    REG_MULTI_SZ,
    REG_SZ,
    STRING_TYPES,
    RegFileError,
    encode_reg,
    read_reg,
    render_reg,
)

KEY = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
RAW = st.tuples(st.integers(0, 0xFFFFFFFF), st.binary(max_size=90))


@given(st.dictionaries(NAMES, RAW, max_size=5))
def test_5_00_gives_back_every_byte(values: dict[str, tuple[int, bytes]]) -> None:
    if len({name.lower() for name in values}) != len(values):
        return
    written = encode_reg(render_reg({KEY: values}))
    assert written.startswith(b"\xff\xfe")
    assert read_reg(written).keys == {KEY: values}
    assert read_reg(render_reg({KEY: values})).keys == {KEY: values}


@given(st.lists(st.text(st.characters(min_codepoint=1, max_codepoint=126), min_size=1), max_size=4))
def test_regedit4_gives_back_ascii_strings(entries: list[str]) -> None:
    raw = ("".join(entry + "\0" for entry in entries) + "\0").encode("utf-16-le")
    text = render_reg({KEY: {"ReservedPorts": (REG_MULTI_SZ, raw)}}, DIALECT_4)
    assert encode_reg(text, DIALECT_4).startswith(b"REGEDIT4\r\n")
    assert read_reg(text).get(KEY.lower(), "reservedports") == (REG_MULTI_SZ, raw)


def test_regedit4_refuses_what_it_cannot_hold() -> None:
    for kind in STRING_TYPES:
        with pytest.raises(RegFileError):
            render_reg({KEY: {"a": (kind, "\u00fc\0".encode("utf-16-le"))}}, DIALECT_4)
        with pytest.raises(RegFileError):
            render_reg({KEY: {"a": (kind, b"\x31")}}, DIALECT_4)


def test_text_as_written() -> None:
    raw = "1-2\0\0".encode("utf-16-le")
    text = render_reg({KEY: {"ReservedPorts": (REG_MULTI_SZ, raw), "MaxUserPort": None, "B": (REG_BINARY, b"\x0a")}})
    assert text.split("\r\n") == [
        "Windows Registry Editor Version 5.00",
        "",
        f"[{KEY}]",
        '"ReservedPorts"=hex(7):31,00,2d,00,32,00,00,00,00,00',
        '"MaxUserPort"=-',
        '"B"=hex:0a',
        "",
        "",
    ]


def test_long_values_are_continued() -> None:
    text = render_reg({KEY: {"a": (3, bytes(range(50)))}})
    assert max(len(line) for line in text.split("\r\n")) < 80
    assert text.count(",\\\r\n  ") == 2


@pytest.mark.parametrize("name", ["a\nb", "\u00fc", "\x1b[0m"])
def test_only_our_own_names_are_written(name: str) -> None:
    with pytest.raises(RegFileError):
        render_reg({KEY: {name: (1, b"")}})
    with pytest.raises(RegFileError):
        render_reg({name: {"a": (1, b"")}})


def test_text_from_a_console_is_exact_only_where_it_is_ascii() -> None:
    body = f'Windows Registry Editor Version 5.00\r\n\r\n[{KEY}]\r\n"A"="b?"\r\n"C"="d"\r\n"E"="\u00fc"\r\n'
    through_console = read_reg(body)
    assert through_console.get(KEY, "c") == (REG_SZ, "d\0".encode("utf-16-le"))
    for name in ("A", "E"):
        with pytest.raises(RegFileError):
            through_console.get(KEY, name)
    from_file = read_reg(b"\xff\xfe" + body.encode("utf-16-le"))
    assert from_file.get(KEY, "E") == (REG_SZ, "\u00fc\0".encode("utf-16-le"))


def test_a_value_that_is_there_twice_is_not_exact() -> None:
    text = f'REGEDIT4\n[{KEY}]\n"a"=dword:1\n"A"=dword:2\n'
    with pytest.raises(RegFileError):
        read_reg(text).get(KEY, "a")


def test_absent_is_none_and_other_text_is_refused() -> None:
    text = render_reg({KEY: {}}, DIALECT_5)
    assert read_reg(text).get(KEY, "a") is None
    assert read_reg(text).values("HKEY_X") is None
    for other in ("", "HKEY_LOCAL_MACHINE", "REGEDIT5", b"\xff\xfe", b"\x00"):
        with pytest.raises(RegFileError):
            read_reg(other)


@given(st.text())
def test_any_text_behind_the_signature_is_survived(text: str) -> None:
    read_reg("REGEDIT4\n[HKEY_X]\n" + text)
