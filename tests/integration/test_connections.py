# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every wrong connection setting gives one clear sentence, the right status, and no secret."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from documented import documented

SECRET = "not-the-password-4711"
TASK = "Gather"
HANDSHAKE = 3
"""Requests of an NTLM logon, refused or not."""


def play(**task: Any) -> list[dict[str, Any]]:
    return [
        {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [{"name": TASK, "portkeeper.windows_dns.port_info": {}, **task}],
        }
    ]


@pytest.fixture
def inventory(tmp_path: Path):
    """Give a function that writes an inventory of one host that does not answer; None leaves a variable out."""

    def write(**variables: Any) -> Path:
        host = {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": 5985,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "ntlm",
            "ansible_user": "Administrator",
            "ansible_password": SECRET,
            **variables,
        }
        path = tmp_path / "inventory.yml"
        given = {name: value for name, value in host.items() if value is not None}
        path.write_text(yaml.safe_dump({"all": {"hosts": {"client01": given}}}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def web_server() -> Iterator[int]:
    """A server that is not Windows: it answers every request with a page."""

    class Page(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b"<html><body>It works</body></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def assert_one_sentence(run, kind: str, *words: str) -> None:
    result = run.result(TASK)
    assert result["_kind"] == kind, run.stdout + run.stderr
    message = result["msg"]
    assert "\n" not in message.strip()
    assert "Traceback" not in run.stdout
    assert any(name in message for name in ("client01", "127.0.0.1"))
    for word in words:
        assert word in message, message
    assert message.count(words[0]) == 1, f"said twice: {message}"
    assert SECRET not in run.stdout + run.stderr


def test_closed_port_is_unreachable(controller, inventory, free_port) -> None:
    run = controller.playbook(play(), inventory(ansible_port=free_port), "-vvvvv")
    assert run.returncode == 4
    assert_one_sentence(run, "unreachable", str(free_port))


def test_an_acceptance_reading_that_fails_shows_its_reason(controller, inventory, free_port) -> None:
    run = controller.playbook("portkeeper.windows_dns.acceptance", inventory(ansible_port=free_port))
    assert run.returncode == 2
    reason = run.result("Show why the host could not be read")["msg"]
    assert "refused the connection" in reason and str(free_port) in reason
    local = controller.playbook("portkeeper.windows_dns.acceptance", inventory(ansible_connection="local"))
    assert "ansible_connection=winrm" in local.result("Show why the host could not be read")["msg"]
    assert SECRET not in run.stdout + run.stderr + local.stdout + local.stderr


def test_a_server_that_is_not_windows_is_unreachable(controller, inventory, web_server) -> None:
    run = controller.playbook(play(), inventory(ansible_port=web_server), "-vvvvv")
    assert run.returncode == 4
    assert_one_sentence(run, "unreachable", str(web_server), "WinRM")


def test_other_connections_are_refused(controller, inventory) -> None:
    run = controller.playbook(play(), inventory(ansible_connection="local"))
    assert run.returncode == 2
    assert_one_sentence(run, "failed", "ansible_connection", "winrm", "psrp", "ssh")


def test_a_host_without_a_connection_variable_is_told_which_to_set(controller, inventory, free_port) -> None:
    """Ansible uses ssh then."""
    run = controller.playbook(play(), inventory(ansible_connection=None, ansible_password=None, ansible_port=free_port))
    assert run.returncode == 4
    assert_one_sentence(run, "unreachable", "ansible_connection", "no SSH server", "winrm", "psrp")


def test_a_powershell_configuration_is_refused(controller, inventory) -> None:
    run = controller.playbook(play(), inventory(ansible_connection="psrp", ansible_psrp_configuration_name="Operators"))
    assert run.returncode == 2
    assert_one_sentence(run, "failed", "ansible_psrp_configuration_name", "remove the variable")


def test_psrp_at_a_closed_port_is_unreachable(controller, inventory, free_port) -> None:
    variables = {"ansible_psrp_protocol": "http", "ansible_psrp_auth": "ntlm"}
    run = controller.playbook(
        play(), inventory(ansible_connection="psrp", ansible_port=free_port, **variables), "-vvvvv"
    )
    assert run.returncode == 4
    assert_one_sentence(run, "unreachable", str(free_port))
    assert "Traceback" not in run.stderr, "the library's log"


def test_become_is_refused(controller, inventory, free_port) -> None:
    run = controller.playbook(
        play(become=True, become_method="runas", become_user="Administrator"), inventory(ansible_port=free_port)
    )
    assert run.returncode == 2
    assert_one_sentence(run, "failed", "become")


def test_a_wrong_password_is_unreachable_and_tried_once(controller, lab_host) -> None:
    host = yaml.safe_load(lab_host.inventory.read_text(encoding="utf-8"))
    (variables,) = host["all"]["hosts"].values()
    variables = {**host["all"].get("vars", {}), **(variables or {}), "ansible_password": SECRET}
    path = controller.folder / "wrong-password.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {"client01": variables}}}), encoding="utf-8")
    lab_host.winrm(op="reset_counters")
    run = controller.playbook(play(), path, "-vvvvv")
    assert run.returncode == 4
    assert_one_sentence(run, "unreachable", "password", str(variables["ansible_user"]))
    assert lab_host.winrm(op="counters")["requests"] == HANDSHAKE


def test_the_documented_inventory_reads_the_host(controller, lab_host, tmp_path) -> None:
    ((_name, lab),) = yaml.safe_load(lab_host.inventory.read_text(encoding="utf-8"))["all"]["hosts"].items()
    given = documented(lab, ansible_connection="winrm", ansible_winrm_transport="ntlm", ansible_winrm_scheme="http")
    path = tmp_path / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {"client01": given}}}), encoding="utf-8")
    assert controller.playbook(play(), path).result(TASK)["_kind"] == "ok"


@pytest.mark.parametrize("option", ["", "--check"])
def test_a_user_without_rights_is_denied_and_nothing_is_absent(controller, lab_host, option: str) -> None:
    host = yaml.safe_load(lab_host.inventory.read_text(encoding="utf-8"))
    (variables,) = host["all"]["hosts"].values()
    variables.update(ansible_user="Clerk", ansible_password="Lab-Passw0rd-2")
    path = controller.folder / "clerk.yml"
    path.write_text(yaml.safe_dump(host), encoding="utf-8")
    reserve = play()
    reserve[0]["tasks"][0] = {"name": TASK, "portkeeper.windows_dns.port_reservations": {}}
    run = controller.playbook(reserve, path, *filter(None, [option]))
    assert run.returncode == 2
    assert_one_sentence(run, "failed", "LocalAccountTokenFilterPolicy", "denied")
