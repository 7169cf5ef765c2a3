# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`netstat` in many languages and code pages; see languages.py."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netstat import UdpRow, parse_netstat
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._parsers.languages import texts

SOCKETS = {
    "ja": (
        "cp932",  # a public test: netstat -ano -p udp, wider columns, no state title
        """
アクティブな接続

  プロトコル  ローカル アドレス      外部アドレス            PID
  UDP         0.0.0.0:9000           *:*                     4321
  UDP         127.0.0.1:5353         *:*                     999
  UDP         [::]:9020              *:*                     555
  TCP         0.0.0.0:80             0.0.0.0:0    LISTENING  111
""",
        [("0.0.0.0", 9000, 4321, False), ("127.0.0.1", 5353, 999, False), ("::", 9020, 555, False)],
    ),
    "zh": (
        "cp936",  # github.com/billfeller/billfeller.github.io/issues/174 for the titles; UDP rows constructed
        """
活动连接

  协议  本地地址                外部地址              状态             PID
  TCP    127.0.0.1:8411         127.0.0.1:58296        TIME_WAIT       0
  UDP    0.0.0.0:500            *:*                                    812
""",
        [("0.0.0.0", 500, 812, False)],
    ),
    "fr": (
        "cp850 cp1252",  # a public course: netstat -a -b -n, an apostrophe that the code page lacks
        """
Connexions actives

  Proto  Adresse locale         Adresse distante       État
  TCP    0.0.0.0:445            0.0.0.0:0              LISTENING
 Impossible d\u2019obtenir les informations de propriétaire
  UDP    0.0.0.0:500            *:*
  IKEEXT
 [svchost.exe]
  UDP    0.0.0.0:5353           *:*
  Dnscache
 [svchost.exe]
  UDP    0.0.0.0:5353           *:*
 [chrome.exe]
  UDP    [fe80::a9b8:14ae:b7a6:3e3e%12]:54381  *:*
  SSDPSRV
 [svchost.exe]
""",
        [
            ("0.0.0.0", 500, None, False),
            ("0.0.0.0", 5353, None, False),
            ("fe80::a9b8:14ae:b7a6:3e3e%12", 54381, None, False),
        ],
    ),
    "en-margin": (
        "cp437",  # a public report of a penetration test, its margin lost; connected rows of another one
        """
UDP    [::]:5353              *:*                                    1880
UDP    [fe80::b5d1:843e:603a:e055%10]:1900  *:*                                    4668
UDP    127.0.0.1:65291        127.0.0.1:65291                        2756
""",
        [
            ("::", 5353, 1880, False),
            ("fe80::b5d1:843e:603a:e055%10", 1900, 4668, False),
            ("127.0.0.1", 65291, 2756, True),
        ],
    ),
    "xp": (
        "cp437",  # constructed after Parse::Netstat's notes: XP's -b lists components, and says so where it cannot
        """
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  UDP    0.0.0.0:1701           *:*                                    4
  [System]

  UDP    127.0.0.1:1900         *:*                                    1068
  c:\\windows\\system32\\WS2_32.dll
  UDPProxySvc
  -- unknown component(s) --
  [svchost.exe]
""",
        [("0.0.0.0", 1701, 4, False), ("127.0.0.1", 1900, 1068, False)],
    ),
    "ru": (
        "cp866 cp1251",  # a public test: titles and states in Russian, the first title is not "Proto"
        """
Активные подключения

  Имя    Локальный адрес        Внешний адрес          Состояние       PID
  TCP    127.0.0.1:8000         0.0.0.0:0              ПРОСЛУШИВАНИЕ   32344
  UDP    0.0.0.0:4001           *:*                                    777
  UDP    0.0.0.0:4001           *:*                                    778
  UDP    0.0.0.0:4001           *:*                                    777
""",
        [("0.0.0.0", 4001, 777, False), ("0.0.0.0", 4001, 778, False)],
    ),
}


@pytest.mark.parametrize("language", SOCKETS)
def test_netstat(language: str) -> None:
    codecs, body, rows = SOCKETS[language]
    for text in texts(body, codecs):
        assert parse_netstat(text) == ([UdpRow(*row) for row in rows], [])
