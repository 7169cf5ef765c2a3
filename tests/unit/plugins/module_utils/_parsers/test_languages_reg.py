# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`reg query` and registry files in many languages and code pages; see languages.py."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.reg_query import parse_reg
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._parsers.languages import texts

KEY = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
BANNER = "! REG.EXE VERSION 3.0\n\n"
TABS = KEY + "\n    {0}\tREG_SZ\tx\n    MaxUserPort\tREG_DWORD\t0xfffe\n"
BLANKS = "\n" + KEY + "\n    {0}    REG_SZ    x\n    MaxUserPort    REG_DWORD    0xfffe\n"
NO_MARGIN = KEY + "\n{0}    REG_SZ    x\nMaxUserPort    REG_DWORD    0xfffe\n"
TAB_IN_FRONT = KEY + "\n\t{0}  REG_SZ  x\n\tMaxUserPort  REG_DWORD  0xfffe\n"
UNEVEN = KEY + "\n    {0}  REG_SZ          x\n    MaxUserPort  REG_DWORD       0xfffe\n"
NARROW = KEY + "\n  {0} REG_SZ x\n  MaxUserPort REG_DWORD 0xfffe\n"


@pytest.mark.parametrize(
    ("codecs", "default", "layout"),
    [
        # A comment in a public Lua program: French XP, published with a tab in front and blanks between.
        ("cp850 cp1252", "<SANS NOM>", BANNER + TAB_IN_FRONT),
        ("cp850 cp1252", "<SANS NOM>", BANNER + TABS),
        ("cp850 cp1252", "(par défaut)", BLANKS),
        # A public test: the margin of the values was lost.
        ("cp850 cp1252", "(par défaut)", NO_MARGIN),
        ("cp932", "(既定)", BLANKS),
        ("cp932", "(表)", BLANKS + "\n" + KEY + "\\表\n"),
        ("cp936", "(默认)", BLANKS),
        ("cp866 cp1251", "(По умолчанию)", BLANKS),
        # Microsoft's example of StackTraceDatabaseSizeInMB (reg.exe 3.0): tabs became blanks of different numbers.
        ("cp437", "<NO NAME>", BANNER + UNEVEN),
        # Constructed: without its first line, as findstr leaves it.
        ("cp437", "<NO NAME>", NARROW),
    ],
)
def test_reg_query(codecs: str, default: str, layout: str) -> None:
    body = layout.format(default)
    for text in texts(body, codecs):
        key = parse_reg(text).keys[KEY.lower()]
        assert key.values["maxuserport"].data == 65534
        assert [value.data for value in key.values.values()] == ["x", 65534]


@pytest.mark.parametrize("codec", ["cp932", "cp936", "cp950"])
def test_registry_files_with_double_byte_characters(codec: str) -> None:
    """Constructed: `type` prints such a file in the console's code page, where a character may end in a backslash."""
    victim = {"cp932": "表", "cp936": "誠", "cp950": "功"}[codec]
    assert victim.encode(codec).endswith(b"\\")
    body = (
        f'Windows Registry Editor Version 5.00\n\n[{KEY}]\n"Hostname"="{victim}"\n"MaxUserPort"=dword:0000fffe\n'
        f'"{victim}"="{victim}"\n"ReservedPorts"=hex(7):33,00,2d,00,33,00,\\\n  00,00,00,00\n"Domain"="a{victim}"\n\n'
        f'[{KEY}\\Adapters]\n"MaxUserPort"=dword:00000001\n"x"="{victim}"\n'
    )
    for text in texts(body, codec):
        dump = parse_reg(text)
        assert list(dump.keys) == [KEY.lower(), f"{KEY}\\Adapters".lower()]
        key = dump.keys[KEY.lower()]
        assert key.values["maxuserport"].data == 65534
        assert key.values["reservedports"].data == ["3-3"]
        assert "hostname" in key.ambiguous
