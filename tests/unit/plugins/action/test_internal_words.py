# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages and reports are written for people: a word of the code, such as dns_window, is in none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_info,
    port_reservations,
    port_rollback,
    port_verify,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue.sbs2003 import CATALOGUE
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import build
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import Rules
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import STATUSES
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_markdown import render_markdown
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_text import render_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import Sources, make_report
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._fleet.artifacts import FLEET_SPEC
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._report.render_html import render_html
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import NIGHT, NOW
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    MARK,
    RUNNING,
    STOPPED,
    FakeHost,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ACTIONS = {
    module.__name__.rpartition(".")[2]: module
    for module in (dns_restart, host_reboot, port_info, port_reservations, port_rollback, port_verify)
}
OF_THE_CODE = re.compile(r"\b(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|nt[56])\b")
"""A word with an underscore, or a family of releases."""
OPTIONS = {name for module in ACTIONS.values() for name in module.ActionModule.SPEC} | set(FLEET_SPEC)
ROWS = {row.name for row in CATALOGUE}
KNOWN_TO_USERS = {*ACTIONS, *STATUSES, *ROWS, *OPTIONS}
"""What a user types, and statuses and rows of the catalogue, which the documentation explains."""


def conflict() -> FakeHost:
    """DNS holds the port of IPsec, which failed."""
    return FakeHost()


def crowded() -> FakeHost:
    """DNS holds every port of RADIUS, and a port of a copied machine's record is there."""
    host = FakeHost()
    host.services["IAS"] = Service(STOPPED, 0, 10048)
    host.udp = [(port, 1484) for port in (53, 1645, 1646, 1812, 1813, 4500)]
    return host


def free_port() -> FakeHost:
    """IPsec failed, and its port is free by now: no window is needed."""
    host = FakeHost()
    host.udp = [(53, 1484)]
    return host


def after_a_window() -> FakeHost:
    """All that the last window stopped runs again, and the record is still there."""
    host = FakeHost(services={"DNS": Service(RUNNING, 1484), "WINS": Service(RUNNING, 1700)}, udp=[(53, 1484)])
    host.state["ran_before"] = {"value": "DNS,WINS", "boot_mark": MARK}
    return host


def in_order() -> FakeHost:
    """Nothing but DNS."""
    return FakeHost(services={"DNS": Service(RUNNING, 1484)}, udp=[(53, 1484)])


def dns_down() -> FakeHost:
    """DNS itself does not run."""
    host = FakeHost()
    host.services["DNS"] = Service(STOPPED, 0, 1067)
    return host


HOSTS = (conflict, crowded, free_port, after_a_window, in_order, dns_down)


def told(result: dict[str, Any]) -> Iterator[str]:
    """Yield what a person reads of a result."""
    yield str(result["msg"])
    yield from result.get("warnings", ())
    yield from (str(row["message"]) for key in ("problems", "failures") for row in result.get(key) or ())
    yield from (line for line in str((result.get("diff") or {}).get("after", "")).splitlines() if line.startswith("#"))


def assert_plain(texts: Iterator[str] | list[str]) -> None:
    """Assert that no text has a word of the code."""
    for text in texts:
        assert not set(OF_THE_CODE.findall(text)) - KNOWN_TO_USERS, text


@pytest.mark.parametrize("made", HOSTS)
@pytest.mark.parametrize("check", [True, False])
def test_the_messages_of_each_task_have_no_word_of_the_code(made: Any, check: bool) -> None:
    host = made()
    for name in ("port_info", "port_verify", "port_reservations", "dns_restart", "host_reboot", "port_rollback"):
        assert_plain(told(run_task(ACTIONS[name], FakeWire(host), {}, check)))


@pytest.mark.parametrize("section", ["service_starts", "netstat", "tcpip", "services", "dns"])
def test_what_could_not_be_read_has_no_name_of_the_code(section: str) -> None:
    for action in ACTIONS.values():
        host = FakeHost()
        setattr(host, f"_on_{section}", lambda: ("", 1))
        result = run_task(action, FakeWire(host), {}, check=True)
        assert_plain(told(result))


@pytest.mark.parametrize("made", HOSTS)
def test_the_reports_have_no_word_of_the_code(made: Any) -> None:
    result = run_task(port_reservations, FakeWire(made()), {}, check=True)
    result = {**result, "changed": True}
    artifact = build("client01", result["facts"], result["plan"], result, "night", NIGHT, check_mode=True)
    report = make_report(Sources(("client01",), {"client01": artifact}, {}), Rules(), NOW, "Report")
    page = render_html(report)
    shown = re.sub(r"<[^>]*>", " ", page[page.index("<body>") : page.index("<script>")])
    assert_plain([render_text(report), render_markdown(report).replace("\\", ""), shown])


def test_a_restart_says_what_it_would_do_and_has_done() -> None:
    host = conflict()
    would = run_task(dns_restart, FakeWire(host), {}, check=True)["msg"]
    assert "would restart DNS in a guarded window, because UDP 4500 of PolicyAgent is held by dns.exe" in would
    reserved = run_task(port_reservations, FakeWire(host), {}, check=True)["msg"]
    assert "due: restart DNS in a guarded window, because UDP 4500 of PolicyAgent is held by dns.exe" in reserved
