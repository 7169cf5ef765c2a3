# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`netsh` in many languages and code pages; see languages.py."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netsh import (
    DynamicRange,
    Exclusion,
    parse_dynamicport,
    parse_excludedportrange,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._parsers.languages import texts

EXCLUSIONS = {
    "de": (
        "cp850 cp1252",  # a public German note on Hyper-V and gRPC
        """
Portausschlussbereiche für das Protokoll "tcp"

Startport      Endport
----------    --------
     28380       28380
     49711       49810
     50000       50059     *

* - Verwaltete Portausschlüsse.
""",
        [(28380, 28380, 0), (49711, 49810, 0), (50000, 50059, 1)],
    ),
    "fr": (
        "cp850 cp1252",  # a public French note on WSL; wider titles, no footer
        """Protocole tcp Plages d'exclusion de ports
Port de début    Port de fin
-------------    -----------
        80          80
      1487        1487
      7452        7551
""",
        [(80, 80, 0), (1487, 1487, 0), (7452, 7551, 0)],
    ),
    "it": (
        "cp850 cp1252",  # a public test of a Go program
        """
Intervallo di esclusione porte protocollo tcp

Porta iniziale    Porta finale
----------    --------
      5357        5357
     60616       60715

* - Esclusioni porte amministrate.
""",
        [(5357, 5357, 0), (60616, 60715, 0)],
    ),
    "ja": (
        "cp932",  # a public test of a Node program
        """
プロトコル tcp ポート除外範囲

開始ポート    終了ポート
----------    --------
      5357        5357
     50000       50059     *

* - 管理されている除外ポート。
""",
        [(5357, 5357, 0), (50000, 50059, 1)],
    ),
    "ko": (
        "cp949",  # a public note on WinNAT; trailing blanks, the next prompt behind it
        """
프로토콜 tcp 포트 제외 범위

시작 포트    끝 포트      \n----------    --------      \n      7654        7753      \n     50000       50059     *

* - 관리 포트 제외입니다.

C:\\WINDOWS\\system32>net stop winnat
""",
        [(7654, 7753, 0), (50000, 50059, 1)],
    ),
    "zh-cn": (
        "cp936",  # a public note on Hyper-V: heading glued to the command
        """协议 tcp 端口排除范围

开始端口    结束端口
----------    --------
      5357        5357
     50051       50051     *

* - 管理的端口排除。


C:\\Users\\a>
""",
        [(5357, 5357, 0), (50051, 50051, 1)],
    ),
    "zh-tw": (
        "cp950",  # constructed: characters whose second byte is a backslash
        "通訊協定 tcp 連接埠排除範圍 許功蓋\n\n  許    功\n----  ----\n 9 10\n",
        [(9, 10, 0)],
    ),
    "en-empty": (
        "cp437",  # a public test of the OpenTelemetry collector
        "\n\nProtocol tcp Port Exclusion Ranges\n\nStart Port    End Port      \n----------    --------      \n\n"
        "* - Administered port exclusions.",
        [],
    ),
    "en-margin": ("cp437", "5396          5495\n1430        1430      *\n", [(1430, 1430, 1), (5396, 5495, 0)]),
    "pl": (
        "cp852 cp1250",  # constructed
        "\nProtokół udp – zakresy wykluczeń portów\n\nPort początkowy    Port końcowy\n---    ---\n\t51820\t51820\t*\n",
        [(51820, 51820, 1)],
    ),
    "ru": (
        "cp866 cp1251",  # constructed
        "\nПротокол udp диапазоны исключений портов IPv4\n\nНачальный порт    Конечный порт\n---   ---\n  53  53 *\n",
        [(53, 53, 1)],
    ),
}


@pytest.mark.parametrize("language", EXCLUSIONS)
def test_excludedportrange(language: str) -> None:
    codecs, body, rows = EXCLUSIONS[language]
    expected = sorted(Exclusion(start, end, bool(star)) for start, end, star in rows)
    for text in texts(body, codecs):
        assert parse_excludedportrange(text) == (expected, 0)


RULE = "-" * 33
RANGES = {
    # A public test of a TypeScript program; the first number is not the default.
    "zh-cn": ("cp936", f"\n协议 tcp 动态端口范围\n{RULE}\n启动端口        : 1024\n端口数          : 13977\n"),
    # A public test of a Python program.
    "de": (
        "cp850 cp1252",
        f"\nProtokoll tcp Dynamischer Portbereich\n{RULE}\nStartport      : 1024\nAnzahl von Ports : 13977\n",
    ),
    "ja": (
        "cp932",
        f"\nプロトコル tcp 動的ポート範囲\n{RULE}\n開始ポート          : 1024\nポート数            : 13977\n",
    ),
    # Constructed: a family's name at the end of the heading, full-width colons, no blanks, tabs, no colon at all.
    "en": ("cp437", "Protocol udp Dynamic Port Range IPv4\nUDP6\n-6\nStart Port : 1024\nNumber of Ports : 13977\n"),
    "zh": ("cp936 cp950", "端口：1024\n端口：13977\n"),
    "tr": ("cp857 cp1254", "Başlangıç\t1024  \nSayı\t13977\t\n"),
}


@pytest.mark.parametrize("language", RANGES)
def test_dynamicport(language: str) -> None:
    codecs, body = RANGES[language]
    for text in texts(body, codecs):
        assert parse_dynamicport(text) == DynamicRange(1024, 13977)
