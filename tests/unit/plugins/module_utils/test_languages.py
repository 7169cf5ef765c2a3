# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people published from Windows in many languages, in the code pages that such a Windows may print it in.

Only facts are taken: labels, widths and numbers of the lines that the parsers read. Where a source is a public note or
test whose repository is not known, it is described; "constructed" lines follow the layout of the one named.
"""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_netsh import (
    DynamicRange,
    Exclusion,
    parse_dynamicport,
    parse_excludedportrange,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_netstat import UdpRow, parse_netstat
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_reg import parse_reg
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_sc import ServiceRow, parse_sc
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_tasklist import parse_tasklist
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._transcript import Transcript, split_transcript

OF_EVERY_HOST = ("utf-8", "utf-8-sig", "utf-16")
"""With a mark where there is one: a redirected PowerShell writes UTF-16, `chcp 65001` gives UTF-8."""
LINE_ENDS = ("\n", "\r\n", "\r\r\n")


def _texts(body: str, codecs: str) -> list[str]:
    """What the parser gets to see of a body that came in these code pages, with every line end, commands repeated."""
    texts = []
    for codec in (*codecs.split(), *OF_EVERY_HOST):
        for line_end in LINE_ENDS:
            lines = [
                "C:\\WINDOWS\\system32>echo off 1.2.345 4 5 ",
                "#portkeeper begin x",
                "C:\\Dokumente und Einstellungen\\a (7) >tool /x:1 2",
                body,
                "PS C:\\Users\\b> echo #portkeeper end x 0",
                "#portkeeper end x 0",
                "(.venv) PS F:\\>",
                "",
            ]
            found: Transcript = split_transcript("\n".join(lines).replace("\n", line_end).encode(codec, "replace"))
            assert found.problems == []
            texts.append(found.sections["x"].text)
    return texts


SERVICES = {
    "it": (
        "cp850 cp1252",  # a public note on MySQL Workbench: sc query mysql80
        """
NOME_SERVIZIO: mysql80
        TIPO                   : 10  WIN32_OWN_PROCESS
        STATO                  : 4  RUNNING
                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)
        CODICE_USCITA_WIN32    : 0  (0x0)
        CODICE_USCITA_SERVIZIO : 0  (0x0)
        PUNTO_CONTROLLO          : 0x0
        INDICAZIONE_ATTESA     : 0x0
""",
        ServiceRow("mysql80", 4, None, 0, 0),
    ),
    "ko": (
        "cp949",  # a public note on Redis as a service: sc query redis; only three labels are translated
        """
SERVICE_NAME: redis
        종류               : 10  WIN32_OWN_PROCESS
        상태               : 4  RUNNING
                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_PRESHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 0  (0x0)
        검사점             : 0x0
        WAIT_HINT          : 0x0
""",
        ServiceRow("redis", 4, None, 0, 0),
    ),
    "ru": (
        "cp866 cp1251",  # a comment in a public C# program: sc.exe queryex grdsrv
        """
Имя_службы: grdsrv
        Тип                : 10  WIN32_OWN_PROCESS
        Состояние          : 2  START_PENDING
                                (NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)
        Код_выхода_Win32   : 0  (0x0)
        Код_выхода_службы  : 0  (0x0)
        Контрольная_точка  : 0x0
        Ожидание           : 0x7d0
        ID_процесса        : 19504
        Флаги              :
""",
        ServiceRow("grdsrv", 2, 19504, 0, 0),
    ),
    "es": (
        "cp850 cp1252",  # a public note on remoteregistry: the last error is the service's own
        """
NOMBRE_SERVICIO: remoteregistry
        TIPO               : 30  WIN32
        ESTADO             : 3  STOP_PENDING
                                (STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)
        CÓD_SALIDA_WIN32   : 1066  (0x42a)
        CÓD_SALIDA_SERVICIO: 0  (0x0)
        PUNTO_COMPROB.     : 0x2
        INDICACIÓN_INICIO  : 0xbb8
""",
        ServiceRow("remoteregistry", 3, None, 1066, 0),
    ),
    "pt": (
        "cp850 cp1252",  # a public report on a VPN client: sc.exe query CVPND, an interactive service, a wider column
        """
NOME_DO_SERVIÇO: CVPND
        TIPO                          : 110  WIN32_OWN_PROCESS  (interactive)
        ESTADO                        : 4  RUNNING
                                        (STOPPABLE, PAUSABLE, IGNORES_SHUTDOWN)
        CÓDIGO_DE_SAÍDA_DO_WIN32      : 0  (0x0)
        CÓDIGO_DE_SAÍDA_DO_SERVIÇO    : 0  (0x0)
        PONTO_DE_VERIFICAÇÃO          : 0x0
        AGUARDAR_DICA                 : 0x0
""",
        ServiceRow("CVPND", 4, None, 0, 0),
    ),
    "pt-narrow": (
        "cp850 cp1252",  # a public note on monitoring a tunnel: sc query, indented by four blanks, a dollar in the name
        """NOME_DO_SERVIÇO: WireGuardTunnel$wggalpao
    TIPO                       : 10  WIN32_OWN_PROCESS
    ESTADO                     : 4  RUNNING
                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)
    CÓDIGO_DE_SAÍDA_DO_WIN32   : 0  (0x0)
    CÓDIGO_DE_SAÍDA_DO_SERVIÇO : 0  (0x0)
    PONTO_DE_VERIFICAÇÃO       : 0x0
    AGUARDAR_DICA              : 0x0
""",
        ServiceRow("WireGuardTunnel$wggalpao", 4, None, 0, 0),
    ),
    "en": (
        "cp437",  # github.com/hfiref0x/VBoxHardenedLoader/issues/48: sc query of all services and drivers
        """
SERVICE_NAME: ws2ifsl
DISPLAY_NAME: Winsock IFS Driver
        TYPE               : 1  KERNEL_DRIVER
        STATE              : 1  STOPPED
        WIN32_EXIT_CODE    : 1077  (0x435)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
""",
        ServiceRow("ws2ifsl", 1, None, 1077, 0),
    ),
    "de": (
        "cp850 cp1252",  # constructed: labels as in a public test of a German listing, the rest as "ru"
        """
DIENSTNAME: ApolloService
ANZEIGENAME: Größe: 2 Stück
        TYP                : 10  WIN32_OWN_PROCESS
        STATUS             : 7  PAUSED
                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_BEENDIGUNGSCODE : 10013\t(0x271d)
        DIENST_BEENDIGUNGSCODE: 0  (0x0)
        PRÜFPUNKT          : 0x0
        WARTEHINWEIS       : 0x0
        PID                : 4
        KENNZEICHEN        : RUNS_IN_SYSTEM_PROCESS
""",
        ServiceRow("ApolloService", 7, 4, 10013, 0),
    ),
    "ja": (
        "cp932",  # constructed in the Korean layout: characters whose second byte is a backslash
        """
SERVICE_NAME: DNS
表示名: 表ソ能
        種類ソ             : 20  WIN32_SHARE_PROCESS
        状態表             : 4  RUNNING
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 0  (0x0)
        チェックポイント   : 0x0
        WAIT_HINT          : 0x0
        PID                : 1508
        FLAGS              :
""",
        ServiceRow("DNS", 4, 1508, 0, 0),
    ),
    "tr": (
        "cp857 cp1254",  # constructed: DURUM as in a public test, the rest as "ru"
        """
HİZMET_ADI: JetSrmApi
        TÜR                : 10  WIN32_OWN_PROCESS
        DURUM              : 1  STOPPED
        WIN32_ÇIKIŞ_KODU   : 10048  (0x2740)
        HİZMET_ÇIKIŞ_KODU  : 0  (0x0)
        DENETİM_NOKTASI    : 0x0
        BEKLEME_İPUCU      : 0x0
""",
        ServiceRow("JetSrmApi", 1, None, 10048, 0),
    ),
}


@pytest.mark.parametrize("language", SERVICES)
def test_sc(language: str) -> None:
    codecs, body, row = SERVICES[language]
    for text in _texts(body, codecs):
        found = parse_sc(text)
        assert (list(found.rows.values()), found.complete) == ([row], True)


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
    for text in _texts(body, codecs):
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
    for text in _texts(body, codecs):
        assert parse_dynamicport(text) == DynamicRange(1024, 13977)


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
    for text in _texts(body, codecs):
        assert parse_netstat(text) == ([UdpRow(*row) for row in rows], 0)


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
    for text in _texts(body, codecs):
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
    for text in _texts(body, codec):
        dump = parse_reg(text)
        assert list(dump.keys) == [KEY.lower(), f"{KEY}\\Adapters".lower()]
        key = dump.keys[KEY.lower()]
        assert key.values["maxuserport"].data == 65534
        assert key.values["reservedports"].data == ["3-3"]
        assert "hostname" in key.ambiguous


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
    for text in _texts(body, codecs):
        assert parse_tasklist(text) == {1508: "dns.exe", 7: 'a, "b".exe'}


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
    for text in _texts(f"\n{line}\n(c) 2018 Microsoft Corporation\n", codecs):
        facts = parse_transcript(f"#portkeeper begin ver\n{text}\n#portkeeper end ver 0\n")
        assert (facts["os"]["nt"], facts["os"]["build"]) == (nt, build)
