# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS with an authority of one's own: NTLM bound to the channel, client certificates, and what is not trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from documented import documented
from only_dns import only_dns
from whole_cycle import ASKED_IN_WINDOW, inventory, play, run_cycle, slow_window

from portkeeper_lab.control import ask_once
from portkeeper_lab.inventory import CONNECTIONS
from portkeeper_lab.winrm.authority import LOOPBACK, Authority, Pair
from portkeeper_lab.winrm.server import Options, WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER, ShellHost

NAME = "dc2019.portkeeper.test"
PSRP = ("ansible_psrp_protocol", "ansible_psrp_auth")


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host whose WinRM speaks HTTPS."""
    started = make_host("2019-dc", "--https", "--winrm", "full_chunks=true")
    slow_window(started)
    return started


def reached(host: Any, folder: Path, plugin: str, certificate: bool) -> Path:
    """Write the documented inventory, with the host's name."""
    lab = CONNECTIONS[plugin](ask_once(host.name, {"op": "info"}), certificate)
    names = ("ansible_winrm_scheme", "ansible_winrm_transport") if plugin == "winrm" else PSRP
    wanted = dict(zip(names, ("https", "certificate" if certificate else "ntlm"), strict=True))
    variables = documented({**lab, "ansible_host": NAME}, ansible_connection=plugin, **wanted)
    return inventory(folder / "inventory.yml", "dc2019", **variables)


@pytest.mark.parametrize(
    ("plugin", "certificate", "port"),
    [("winrm", False, 51820), ("psrp", False, 51821), ("winrm", True, 51822), ("psrp", True, 51823)],
    ids=["winrm-ntlm", "psrp-ntlm", "winrm-certificate", "psrp-certificate"],
)
def test_check_change_window_and_second_run(
    controller, host, tmp_path, plugin: str, certificate: bool, port: int
) -> None:
    with only_dns(host, NAME, controller) as (names, inside):
        asked = run_cycle(inside, names, host, reached(host, tmp_path, plugin, certificate), port)
    assert asked == ASKED_IN_WINDOW


def test_a_server_2003_speaks_a_tls_that_is_too_old(controller, make_host, tmp_path) -> None:
    """The lab's SBS 2003 has TLS 1.0 at most; OpenSSL 3 as Debian has it refuses that."""
    host = make_host("sbs2003", "--https")
    facts = ask_once(host.name, {"op": "info"})
    hosts = {plugin: CONNECTIONS[plugin](facts, False) for plugin in ("winrm", "psrp")}
    path = tmp_path / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    done = controller.playbook(play({"name": "Read", "portkeeper.windows_dns.port_info": {}}), path)
    for plugin, scheme in (("winrm", "ansible_winrm_scheme"), ("psrp", "ansible_psrp_protocol")):
        result = done.results["Read"][plugin]
        assert result["_kind"] == "unreachable"
        assert "TLS 1.0 only: use NTLM over HTTP" in result["msg"] and scheme in result["msg"], result["msg"]
        assert "\n" not in result["msg"].strip()


class Servers:
    """Servers that show different certificates, and hosts that reach them with different variables."""

    def __init__(self, folder: Path) -> None:
        """Make the certificates."""
        self.trusted, self.other = Authority(folder / "trusted"), Authority(folder / "other")
        good = self.trusted.server("WINDOWS", *LOOPBACK)
        self.client = {name: self.trusted.client(name) for name in (USER, "nobody")}
        self.client["forged"] = self.other.client(USER)
        self.running = {
            "good": self._server(good),
            "expired": self._server(self.trusted.server("EXPIRED", *LOOPBACK, expired=True)),
            "other name": self._server(self.trusted.server("OTHER")),
            "old": self._server(good, tls_version="TLSv1"),
            "plain": WinRMServer(ShellHost(), {USER: PASSWORD}),
        }

    def _server(self, shown: Pair, **options: Any) -> WinRMServer:
        tls = (str(shown.certificate), str(shown.key))
        chosen = Options(tls=tls, client_authority=str(self.trusted.certificate), **options)
        return WinRMServer(ShellHost(), {USER: PASSWORD}, options=chosen)

    def reached(self, plugin: str, server: str, certificate: str = "", **changes: Any) -> dict[str, Any]:
        """Return the variables of a host, as the lab gives them; changes are by the name that winrm gives them."""
        pair = self.client[certificate or USER]
        facts = {
            "name": server,
            "port": self.running[server].port,
            "user": USER,
            "password": PASSWORD,
            "https": {
                "authority": str(self.trusted.certificate),
                "certificate": str(pair.certificate),
                "key": str(pair.key),
            },
        }
        return {**CONNECTIONS[plugin](facts, bool(certificate)), **changes}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Start the servers."""
    made = Servers(tmp_path_factory.mktemp("servers"))
    for server in made.running.values():
        server.start()
    yield made
    for server in made.running.values():
        server.stop()


def cases(servers: Servers, plugin: str) -> dict[str, tuple[dict[str, Any], tuple[str, ...]]]:
    """Return each host that cannot be reached: its variables, and what the message says."""
    winrm = plugin == "winrm"
    authority = "ansible_winrm_ca_trust_path" if winrm else "ansible_psrp_ca_cert"
    validation = "ansible_winrm_server_cert_validation" if winrm else "ansible_psrp_cert_validation"
    certificate = "ansible_winrm_cert_pem" if winrm else "ansible_psrp_certificate_pem"
    binding = {"ansible_winrm_send_cbt" if winrm else "ansible_psrp_negotiate_send_cbt": False}
    authentication = "ansible_winrm_transport" if winrm else "ansible_psrp_auth"
    scheme = "ansible_winrm_scheme" if winrm else "ansible_psrp_protocol"
    reached = servers.reached
    foreign = str(servers.other.certificate)
    return {
        "foreign": (reached(plugin, "good", **{authority: foreign}), ("is not trusted here", authority)),
        "expired": (reached(plugin, "expired"), ("has expired", f"{validation}=ignore")),
        "other-name": (reached(plugin, "other name"), ("for another name: set ansible_host", f"{validation}=ignore")),
        "tls10": (reached(plugin, "old"), ("TLS 1.0 only: use NTLM over HTTP", scheme)),
        "no-tls": (reached(plugin, "plain"), ("does not speak TLS", scheme)),
        "no-file": (reached(plugin, "good", **{authority: "/nowhere"}), (f"{authority} is /nowhere, which does not",)),
        "unbound": (reached(plugin, "good", **binding), ("rejected the credentials", authentication)),
        "forged": (reached(plugin, "good", "forged"), ("does not accept the client's certificate", certificate)),
        "nobody": (reached(plugin, "good", "nobody"), ("rejected the credentials", authentication)),
        "no-certificate": (
            reached(plugin, "good", "nobody", **{certificate: "/nowhere"}),
            (f"{certificate} is /nowhere, which does not exist",),
        ),
    }


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_what_is_not_trusted_is_one_sentence_with_the_variable(controller, servers, tmp_path, plugin: str) -> None:
    hosts = cases(servers, plugin)
    path = tmp_path / "inventory.yml"
    variables = {name: given for name, (given, _words) in hosts.items()}
    path.write_text(yaml.safe_dump({"all": {"hosts": variables}}), encoding="utf-8")
    read = play({"name": "Read", "portkeeper.windows_dns.port_info": {}})
    done = controller.playbook(read, path, "-vvvvv", "--forks=1")
    for name, (_given, words) in hosts.items():
        result = done.result("Read", name)
        assert result["_kind"] == ("failed" if name in ("no-file", "no-certificate") else "unreachable"), result
        assert "\n" not in result["msg"].strip() and all(word in result["msg"] for word in words), result["msg"]
    assert "Traceback" not in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    for name in ("expired", "other name", "old"):
        assert servers.running[name].counters.requests == 0, "nothing is sent to a host that is not trusted"
