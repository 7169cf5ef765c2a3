# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each host from Vista on boots and shows through its tools what its scenario says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from portkeeper_lab.backend import Launch
from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import SERVICES_KEY, find_scenario, load_scenario

CURRENT = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
OPTIONS = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions"
DNS_PARAMETERS = f"{SERVICES_KEY}\\DNS\\Parameters"
UTF_8 = 65001
DEFAULT_RANGE = (49152, 16384)


@dataclass(frozen=True)
class Expected:
    """What a host shows.

    Attributes:
        version: as `ver` prints it.
        major: CurrentMajorVersionNumber, which came with Windows 10.
        ubr: whether there is an update revision.
        product_type: of ProductOptions.
        running: services that run besides DNS.
        victims: service -> error that it stopped with.
        taken: ports that DNS holds although another needs them.
        dynamic: first port and number, over IPv4 and IPv6.
        dynamic6: over IPv6, if it is another there.
        words: texts in the host's language, in what netsh, netstat, tasklist and `net start` print.
        triggered: whether PolicyAgent and IKEEXT are started by triggers.
        dns: whether it has a DNS server.
        excluded: how many ranges are excluded over IPv4.
        sockets: of each pool.
        present: key -> what one of its values holds.
    """

    version: str
    major: bool
    ubr: bool
    product_type: str
    running: tuple[str, ...]
    victims: Mapping[str, int]
    taken: tuple[int, ...]
    dynamic: tuple[int, int] = DEFAULT_RANGE
    dynamic6: tuple[int, int] | None = None
    words: tuple[str, ...] = ("Start Port", "Active Connections", "Image Name", "These Windows services are started")
    triggered: bool = True
    dns: bool = True
    excluded: int = 0
    sockets: int = 2500
    present: Mapping[str, str] = field(default_factory=dict)

    def range_of(self, family: str) -> tuple[int, int]:
        """Return the dynamic range of udp or ipv4, or of udpv6 or ipv6."""
        return self.dynamic6 if self.dynamic6 and family.endswith("6") else self.dynamic


FRENCH = ("Port de démarrage", "Connexions actives", "Nom de l'image", "Les services Windows suivants", "Serveur DNS")
JAPANESE = ("開始ポート", "アクティブな接続", "イメージ名", "以下の Windows サービス", "DNS サーバー")
FOREIGN = {DNS_PARAMETERS: "51000-51010\\052311"}
SMALL_BUSINESS = {OPTIONS: "Small Business(Restricted)\\0Terminal Server"}
RESERVED = {f"{SERVICES_KEY}\\Tcpip\\Parameters": "3343-3343"}

HOSTS = {
    "vista": Expected(
        "6.0.6002", False, False, "WinNT", ("IKEEXT", "PolicyAgent"), {}, (), dns=False, triggered=False,
    ),
    "2008": Expected(
        "6.0.6002", False, False, "ServerNT", ("IKEEXT", "PolicyAgent"), {"IAS": 10048}, (1812,), (1025, 58976),
        triggered=False, present=RESERVED,
    ),
    "sbs2008": Expected(
        "6.0.6002", False, False, "LanmanNT", ("IAS", "MSExchangeIS", "PolicyAgent"), {"IKEEXT": 10048}, (4500,),
        (1025, 58976), triggered=False, present=SMALL_BUSINESS,
    ),
    "2008r2": Expected(
        "6.1.7601", False, False, "ServerNT", (), {"IAS": 10048}, (1812,), (1025, 64511), dynamic6=DEFAULT_RANGE,
    ),
    "2008r2-sbs2011-fr": Expected(
        "6.1.7601", False, False, "LanmanNT", ("IAS", "IKEEXT", "RemoteAccess"), {"WDSServer": 10048}, (64001,),
        words=FRENCH,
    ),
    "2012r2": Expected("6.3.9600", False, True, "LanmanNT", ("NTDS",), {"AdmPwd.E.PDS": 10048}, (61184,)),
    "2016": Expected(
        "10.0.14393", True, True, "LanmanNT", ("NTDS",), {"BESClient": 10048}, (52311,), excluded=1, sockets=5000,
    ),
    "2019-dc": Expected(
        "10.0.17763", True, True, "LanmanNT", ("NTDS", "Kdc"), {"IAS": 10048}, (1812,), (1025, 64510)
    ),
    "2022-wireguard": Expected(
        "10.0.20348", True, True, "ServerNT", ("BESClient", "IKEEXT"), {"WireGuardTunnel$wg0": 10048}, (51820,),
        present=FOREIGN,
    ),
    "2025-ja": Expected(
        "10.0.26100", True, True, "ServerNT", (), {"BESClient": 10048, "WireGuardTunnel$tokyo": 10013}, (52311,),
        words=JAPANESE, excluded=3,
    ),
}  # fmt: skip


class Facts:
    """What a host said, by command, in UTF-8."""

    def __init__(self, host: WineHost) -> None:
        """Take a host that is up."""
        self._host = host

    def code(self, line: str) -> int:
        """Exit code of a command line."""
        return self._host.run(line)[0]

    def run(self, line: str) -> str:
        """Standard output of a command line."""
        process = self._host.spawn(Launch(line, codepage=UTF_8))
        process.write_stdin(b"", end=True)
        output = b""
        while process.exit_code is None:
            output += b"".join(chunk for stream, chunk in process.read(65536, 1.0) if stream == "stdout")
        process.close()
        return output.decode("utf-8")

    def state(self, service: str) -> tuple[int, int]:
        """State and WIN32_EXIT_CODE."""
        numbers = re.findall(r"^        \S+ +: (\d+)  ", self.run(f"sc query {service}"), re.MULTILINE)
        return int(numbers[1]), int(numbers[2])

    def ports(self, family: str) -> set[int]:
        """Return the UDP ports that DNS holds."""
        pid = re.findall(r": (\d+) *\r$", self.run("sc queryex DNS"), re.MULTILINE)[-1]
        rows = [line.split() for line in self.run(f"netstat -ano -p {family}").splitlines() if "UDP" in line]
        return {int(row[1].rpartition(":")[2]) for row in rows if row[-1] == pid}


@pytest.fixture(scope="module", params=sorted(HOSTS))
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Facts, Expected]]:
    """A host that has booted, and what it should show."""
    host = WineHost(load_scenario(find_scenario(request.param)), tmp_path_factory.mktemp("nt6-host") / "prefix")
    try:
        host.start()
        yield Facts(host), HOSTS[request.param]
    finally:
        host.stop()


def test_release(seen: tuple[Facts, Expected]) -> None:
    facts, expected = seen
    assert f" {expected.version}" in facts.run("ver")
    current = facts.run(f'reg query "{CURRENT}"')
    build = expected.version.rpartition(".")[2]
    assert re.search(rf"CurrentBuild +REG_SZ +{build}\r", current)
    assert ("CurrentMajorVersionNumber" in current, " UBR " in current) == (expected.major, expected.ubr)
    assert ("CSDVersion" in current) == (expected.version < "6.3" and expected.version[0] == "6")
    kind = "Client" if expected.product_type == "WinNT" else "Server"
    assert re.search(rf"InstallationType +REG_SZ +{kind}\r", current)
    assert re.search(rf"ProductType +REG_SZ +{expected.product_type}\r", facts.run(f"reg query {OPTIONS}"))
    for key, data in expected.present.items():
        assert data in facts.run(f"reg query {key}")


def test_conflict(seen: tuple[Facts, Expected]) -> None:
    """DNS has both pools and the ports of its victims; the others run."""
    facts, expected = seen
    assert (facts.code("sc query DNS") == 0) is expected.dns
    for service in (*(["DNS"] if expected.dns else []), *expected.running):
        assert facts.state(service) == (4, 0), service
    for service, error in expected.victims.items():
        assert facts.state(service) == (1, error), service
    for family in ("udp", "udpv6") if expected.dns else ():
        pool = facts.ports(family) - {53}
        dynamic = expected.range_of(family)
        assert len(pool) == expected.sockets
        assert {port for port in expected.taken if port >= dynamic[0]} <= pool
        assert min(pool) >= dynamic[0]
        assert max(pool) < sum(dynamic)


def test_ranges(seen: tuple[Facts, Expected]) -> None:
    facts, expected = seen
    for family in ("ipv4", "ipv6"):
        numbers = re.findall(r": (\d+)\r", facts.run(f"netsh interface {family} show dynamicport udp"))
        assert tuple(map(int, numbers)) == expected.range_of(family)
        rows = re.findall(r"^ +\d+ +\d+ +\*?", facts.run(f"netsh int {family} show exc protocol=udp"), re.MULTILINE)
        assert len(rows) == (expected.excluded if family == "ipv4" else 0)


def test_many_services_and_their_triggers(seen: tuple[Facts, Expected]) -> None:
    facts, expected = seen
    text = facts.run("sc queryex type= service state= all bufsize= 250000")
    assert text.count("SERVICE_NAME") >= (120 if expected.dns else 100)
    triggers = facts.run(f'reg query {SERVICES_KEY} /s | findstr /i /r /c:"\\\\TriggerInfo$"')
    assert ("PolicyAgent\\TriggerInfo" in triggers and "IKEEXT\\TriggerInfo" in triggers) == expected.triggered


def test_language(seen: tuple[Facts, Expected]) -> None:
    facts, expected = seen
    text = facts.run("netsh int ipv4 show dynamicport udp & netstat -ano -p tcp & tasklist & net start")
    for word in expected.words:
        assert word in text
    assert "?" not in text
