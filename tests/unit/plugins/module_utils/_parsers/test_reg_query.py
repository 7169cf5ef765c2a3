# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reg query in both layouts and registry files are read; other text is refused."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.reg_query import (
    RegDump,
    RegKey,
    RegValue,
    parse_reg,
    reg_lines,
)

CAPTURES = Path(__file__).resolve().parents[3] / "captures"
TCPIP = r"\services\tcpip\parameters"


def _capture(name: str) -> str:
    return (CAPTURES / name).read_text(encoding="utf-8")


def _only(dump: RegDump) -> RegKey:
    assert len(dump.keys) == 1
    return next(iter(dump.keys.values()))


def test_nt5_layout_with_tabs_banner_and_zero_terminated_lists() -> None:
    dump = parse_reg(_capture("reg-query-nt5.txt"))
    key = dump.find(TCPIP)
    assert key is not None
    assert key.values["maxuserport"].data == 65536
    assert key.values["reservedports"] == RegValue(
        "ReservedPorts", "REG_MULTI_SZ", ["1433-1434", "1645-1646", "3343-3343"]
    )
    assert key.values["<no name>"].data == ""
    assert key.values["nameserver"].data == ""
    assert key.values["bind"].data == "02000000C0A81002"
    assert [known.path.rsplit("\\", 1)[1] for known in dump.keys.values()] == ["Parameters", "Adapters", "Interfaces"]


def test_nt5_listing_whose_tabs_became_spaces() -> None:
    key = _only(parse_reg(_capture("reg-query-nt5-pasted.txt")))
    assert key.values["devicepath"] == RegValue("DevicePath", "REG_EXPAND_SZ", r"%SystemRoot%\inf")


def test_nt5_listing_with_four_spaces_an_empty_line_and_spaces_in_the_name() -> None:
    key = _only(parse_reg(_capture("reg-query-nt5-blanks.txt")))
    assert key.values == {
        "local appdata": RegValue("Local AppData", "REG_SZ", r"C:\Documents and Settings\username\My Documents")
    }


def test_four_spaces_and_a_translated_default_name() -> None:
    dump = parse_reg(_capture("reg-query-nt6-de.txt"))
    key = dump.find(r"\services\dns\parameters")
    assert key is not None
    assert key.values["(standard)"].data == "(Wert nicht festgelegt)"
    assert key.values["socketpoolexcludedportranges"].data == ["51000-51010", "52311"]
    assert key.values["socketpoolsize"].data == 2500
    assert key.values["previouslocalhostname"].data == ""
    assert key.values["leer"].data == []
    assert key.values["groesse"].data == 0x1FFFFFFFF
    assert r"hkey_local_machine\system\currentcontrolset\services\dns\parameters\probe" in dump.keys


@pytest.mark.parametrize(
    ("shown", "entries"),
    [
        ("", []),
        (r"\0\0", []),
        (r"\0", []),
        (r"1-1\0\0", ["1-1"]),
        # The end has two zeros; with one, the list goes on somewhere else.
        (r"1-1\0", None),
        (r"1-1\0\0  ", ["1-1"]),
        (r"1-1\0\0  <---", None),
        ("1-1   2-2", None),
        ("1-1", ["1-1"]),
        (r"1-1\02-2\0\0", ["1-1", "2-2"]),
        (r"1-1\0\02-2", ["1-1", "", "2-2"]),
        (r"1-1\0 \0\0", ["1-1", " "]),
        (r" 1-1\02-2 ", [" 1-1", "2-2 "]),
    ],
)
@pytest.mark.parametrize("separator", ["\t", "    "])
def test_lists_are_split_at_the_literal_zero(shown: str, entries: list[str] | None, separator: str) -> None:
    text = f"HKEY_LOCAL_MACHINE\\X\n    ReservedPorts{separator}REG_MULTI_SZ{separator}{shown}\n"
    key = _only(parse_reg(text))
    assert key.values["reservedports"].data == entries


@pytest.mark.parametrize(
    ("kind", "shown"), [("REG_DWORD", "60000"), ("REG_DWORD", ""), ("REG_BINARY", "0xAB"), ("REG_BINARY", "ABC")]
)
def test_data_that_is_not_what_its_type_says(kind: str, shown: str) -> None:
    key = _only(parse_reg(f"HKEY_LOCAL_MACHINE\\X\n    a    {kind}    {shown}\n"))
    assert key.values["a"] == RegValue("a", kind, None)


def test_names_with_spaces_and_types_without_name() -> None:
    text = "HKEY_LOCAL_MACHINE\\X\n    NV Hostname    REG_SZ    a  b\n    odd    0x12345    0011\n"
    key = _only(parse_reg(text))
    assert key.values["nv hostname"].data == "a  b"
    assert key.values["odd"].type == "0x12345"


def test_a_value_listed_twice_with_different_data_is_ambiguous() -> None:
    rows = ("    A    REG_SZ    1\n", "    a    REG_SZ    2\n", "    B    REG_SZ    1\n", "    B    REG_SZ    1\n")
    text = "HKEY_LOCAL_MACHINE\\X\n" + "".join(rows)
    key = _only(parse_reg(text))
    assert key.ambiguous == {"a"}


def test_values_without_a_key_and_other_lines_are_ignored() -> None:
    text = "C:\\>reg query HKLM\n    A    REG_SZ    1\n\nFEHLER: Das System hat den Schlüssel nicht gefunden.\n"
    assert parse_reg(text).keys == {}


def test_filtered_lines_keep_their_order() -> None:
    text = (
        "HKEY_LOCAL_MACHINE\\A\n    Start    REG_DWORD    0x2\n    Start    REG_DWORD    0x4\nHKEY_LOCAL_MACHINE\\B\n"
    )
    items = [item if isinstance(item, str) else item.data for item in reg_lines(text)]
    assert items == [r"HKEY_LOCAL_MACHINE\A", 2, 4, r"HKEY_LOCAL_MACHINE\B"]


REG_FILE_5 = """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]
@="default"
"MaxUserPort"=dword:0000ea60
"Quoted"="a \\"b\\" c:\\\\d"
"ReservedPorts"=hex(7):33,00,33,00,34,00,33,00,2d,00,33,00,33,00,34,00,33,00,00,\\
  00,31,00,2d,00,32,00,00,00,00,00
"Big"=hex(b):ff,ff,ff,ff,01,00,00,00
"Bytes"=hex:01,ab
"Lines"="one
two"
"Cut"=hex(7):33,0

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\\Adapters]
"""


def test_registry_file_5() -> None:
    key = parse_reg(REG_FILE_5.replace("\n", "\r\n")).find(TCPIP)
    assert key is not None
    assert key.values["maxuserport"].data == 60000
    assert key.values["reservedports"].data == ["3343-3343", "1-2"]
    assert key.values["big"].data == 0x1FFFFFFFF
    assert key.values["bytes"].data == "01AB"
    assert key.values["quoted"].data == 'a "b" c:\\d'
    assert key.values[""].data == "default"
    assert key.ambiguous == {"lines", "cut"}


def test_registry_file_4_holds_single_bytes() -> None:
    text = (
        "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]\n"
        '"ReservedPorts"=hex(7):33,33,34,33,2d,33,33,34,33,00,00\n"Suites"=hex(7):53,fc,00,00\n'
    )
    key = parse_reg(text).find(TCPIP)
    assert key is not None
    assert key.values["reservedports"].data == ["3343-3343"]
    assert key.ambiguous == {"suites"}


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    parse_reg(text)
    parse_reg("REGEDIT4\n[HKEY_X]\n" + text)
    parse_reg("HKEY_X\n    a    REG_" + text)


def test_registry_files_behind_each_other_and_behind_other_lines() -> None:
    """What `type a.reg b.reg` prints: each file with its own signature, dialect, and mark."""
    four = 'REGEDIT4\n\n[HKEY_X\\A]\n"Suites"=hex(7):61,00,00\n'
    five = 'Windows Registry Editor Version 5.00\n\n[HKEY_X\\B]\n"Suites"=hex(7):61,00,00,00,00,00\n'
    for text in (four + five, five + four, "a.reg\n\n\n" + four + "\n\nb.reg\n\n\n\ufeff" + five):
        dump = parse_reg(text.replace("\n", "\r\n"))
        assert [key.values["suites"].data for key in dump.keys.values()] == [["a"], ["a"]]
        assert sorted(dump.keys) == ["hkey_x\\a", "hkey_x\\b"]


def test_a_signature_inside_a_listing_is_data() -> None:
    text = 'HKEY_X\\A\n    a    REG_SZ    b\nREGEDIT4\n[HKEY_X\\B]\n"c"="d"\n'
    assert list(parse_reg(text).keys) == ["hkey_x\\a"]


def test_every_kind_of_value_in_a_registry_file() -> None:
    text = (
        'Windows Registry Editor Version 5.00\n\n[HKEY_X\\A]\n@="d"\n"gone"=-\n"none"=hex(0):\n"none2"=hex(0):01\n'
        '"expand"=hex(2):25,00,41,00,25,00,00,00\n"quad"=hex(b):01,00,00,00,00,00,00,00\n"wide"=hex(80000007):61,00\n'
        '"list"=hex(7):\n"dword"=dword:000000ff\n"as hex"=hex(4):ff,00,00,00\n"short"=hex(4):ff\n'
        '"bytes"=hex:01,\\\n  ab\n'
        '"a=\\"b\\\\"="c:\\\\\\"x\\""\n"resources"=hex(8):01\n; a comment\n[-HKEY_X\\A]\n"behind"="x"\n'
    )
    key = _only(parse_reg(text))
    assert {name: (value.type, value.data) for name, value in key.values.items()} == {
        "": ("REG_SZ", "d"),
        "none": ("REG_NONE", ""),
        "none2": ("REG_NONE", "01"),
        "expand": ("REG_EXPAND_SZ", "%A%"),
        "quad": ("REG_QWORD", 1),
        "wide": ("0x80000007", "6100"),
        "list": ("REG_MULTI_SZ", []),
        "dword": ("REG_DWORD", 255),
        "as hex": ("REG_DWORD", 255),
        "short": ("REG_DWORD", None),
        "bytes": ("REG_BINARY", "01AB"),
        'a="b\\': ("REG_SZ", 'c:\\"x"'),
        "resources": ("REG_RESOURCE_LIST", "01"),
    }
    assert key.ambiguous == {"gone"}


def test_every_kind_of_value_in_a_listing() -> None:
    """Types as Microsoft's documentation of registry value types names them; one without a name as its number."""
    rows = (
        ("NV Hostname", "REG_SZ", "a  b", "a  b"),
        ("none", "REG_NONE", "", ""),
        ("none2", "REG_NONE", "4142", "4142"),
        ("resources", "REG_RESOURCE_LIST", "0100", "0100"),
        ("full", "REG_FULL_RESOURCE_DESCRIPTOR", "0100", "0100"),
        ("big", "REG_DWORD_BIG_ENDIAN", "0x1", "0x1"),
        ("link", "REG_LINK", "x", "x"),
        ("quad", "REG_QWORD", "0x1ffffffff", 0x1FFFFFFFF),
        ("unknown", "0x80000007", "AB", "AB"),
        ("REG_SZ", "REG_DWORD", "0x2", 2),
    )
    for separator, first in (("\t", "\n! REG.EXE VERSION 3.0\n\n"), ("    ", "\n")):
        text = f"{first}HKEY_X\\A\n" + "".join(f"    {separator.join(row[:3])}\n" for row in rows)
        key = _only(parse_reg(text))
        found = [(value.name, value.type, value.data) for value in key.values.values()]
        assert found == [(name, kind, data) for name, kind, _shown, data in rows]


@pytest.mark.parametrize("margin", ["  ", "    ", "\t"])
@pytest.mark.parametrize("name", ["reg-query-nt5.txt", "reg-query-nt6-de.txt"])
def test_a_listing_that_is_indented_as_a_whole(name: str, margin: str) -> None:
    text = _capture(name)
    assert parse_reg(textwrap.indent(text, margin)) == parse_reg(text)


def test_a_value_whose_name_begins_like_a_key_is_no_margin() -> None:
    text = "HKEY_X\\A\n    HKEY_Y\\B    REG_SZ    c\n"
    key = _only(parse_reg(text))
    assert key.values["hkey_y\\b"].data == "c"
    assert parse_reg("    HKEY_Y\\B    REG_SZ    c\n").keys == {}


def test_tabs_expanded_to_spaces_up_to_the_next_stop() -> None:
    """Some values have four blanks by chance. A value that is passed over would be taken for absent."""
    text = (
        "HKEY_X\\A\n    <NO NAME>       REG_SZ\n    MaxUserPort     REG_DWORD       0xfffe\n"
        "    ReservedPorts   REG_MULTI_SZ    1-1\\03343-3343\\0\\0\n"
        "    StackTraceDatabaseSizeInMB  REG_DWORD       0x18\n"
        "    odd    0x12345    text REG_SZ x\n"
    )
    key = _only(parse_reg(text))
    assert {name: (value.type, value.data) for name, value in key.values.items()} == {
        "<no name>": ("REG_SZ", ""),
        "maxuserport": ("REG_DWORD", 65534),
        "reservedports": ("REG_MULTI_SZ", ["1-1", "3343-3343"]),
        "stacktracedatabasesizeinmb": ("REG_DWORD", 24),
        "odd": ("0x12345", "text REG_SZ x"),
    }


def test_names_and_data_that_hold_the_name_of_a_type() -> None:
    for separator in ("\t", "    "):
        rows = (("My REG_SZ name", "REG_DWORD", "0x1"), ("a", "REG_SZ", "b REG_DWORD 0x2"), ("c", "REG_SZ", "d\\0e"))
        text = "HKEY_X\\A\n" + "".join(f"    {separator.join(row)}\n" for row in rows)
        found = {value.name: value.data for value in _only(parse_reg(text)).values.values()}
        assert found == {"My REG_SZ name": 1, "a": "b REG_DWORD 0x2", "c": "d\\0e"}


def test_the_current_control_set_is_preferred() -> None:
    paths = [
        f"HKEY_LOCAL_MACHINE\\SYSTEM\\{name}\\Services\\Tcpip\\Parameters"
        for name in ("ControlSet001", "CurrentControlSet")
    ]
    for order in (paths, paths[::-1]):
        key = parse_reg("\n".join(order)).find(TCPIP)
        assert key is not None
        assert key.path == paths[1]
    other = parse_reg(paths[0]).find(TCPIP)
    assert other is not None
    assert other.path == paths[0]
