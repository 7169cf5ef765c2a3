# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`tasklist` and `ver` in many languages and code pages; see languages.py."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.tasklist import parse_tasklist
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._parsers.languages import texts

QUOTED = '"a, ""b"".exe","7"'


@pytest.mark.parametrize(
    ("codecs", "body"),
    [
        # A public test: tasklist /v in Spanish, a dot between thousands.
        (
            "cp850 cp1252",
            '"dns.exe","1508","Services","0","98.112 KB","Running","ACME\\ana","0:01:40","N/A"\n' + QUOTED,
        ),
        # Constructed: French (a no-break space between thousands), German with /svc, Japanese.
        (
            "cp850 cp1252",
            f'"Nom de l\u2019image","PID"\n"dns.exe","1508","Services","0","98\xa0112 Ko"\n{QUOTED},"x"\n',
        ),
        ("cp850 cp1252", f'\n"Abbildname","PID","Dienste"\n"dns.exe","1508","DNS"\n{QUOTED},"A,B"\n'),
        ("cp932", f'"イメージ名","PID","名"\n"dns.exe","1508","Services","0","98,112 K"\n{QUOTED},"表"\n'),
    ],
)
def test_tasklist(codecs: str, body: str) -> None:
    for text in texts(body, codecs):
        assert parse_tasklist(text) == ({1508: "dns.exe", 7: 'a, "b".exe'}, 0)


@pytest.mark.parametrize(
    ("codecs", "line", "nt", "build"),
    [
        ("cp437", "Microsoft Windows 2000 [Version 5.00.2195]", "5.0", 2195),
        ("cp850", "Microsoft Windows XP [Versión 5.1.2600]", "5.1", 2600),
        ("cp850 cp1252", "Microsoft Windows [Version 5.2.3790]", "5.2", 3790),
        ("cp866", "Microsoft Windows [Версия 6.1.7601]", "6.1", 7601),
        ("cp936", "Microsoft Windows [版本 10.0.26200.9457]", "10.0", 26200),
        ("cp857", "Microsoft Windows [Sürüm 10.0.19045.3803]", "10.0", 19045),
        ("cp852", "Microsoft Windows [Wersja 10.0.20348.2700]", "10.0", 20348),
        ("cp850", "Microsoft Windows [version 10.0.17763.864]", "10.0", 17763),
    ],
)
def test_ver(codecs: str, line: str, nt: str, build: int) -> None:
    """Public listings of `ver`; the two in Russian and Polish are constructed."""
    for text in texts(f"\n{line}\n(c) 2018 Microsoft Corporation\n", codecs):
        facts = parse_transcript(f"#portkeeper begin ver\n{text}\n#portkeeper end ver 0\n")
        assert (facts["os"]["nt"], facts["os"]["build"]) == (nt, build)
