# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`sc` in many languages and code pages; see languages.py."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.sc import ServiceRow, parse_sc
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._parsers.languages import texts

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
    for text in texts(body, codecs):
        found = parse_sc(text)
        assert (list(found.rows.values()), found.complete) == ([row], True)
