# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report as text: contrast, policy, hostile names, growth."""

from __future__ import annotations

import base64
import re
import zlib
from html.parser import HTMLParser

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report import port_map as _report_map
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report import render_html as _report_html
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.escape import visible
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.html_style import PALETTE, source_hash
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_html import render_html
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    HOSTILE,
    artifact,
    report_of,
    states,
)

FAR = base64.b64encode(zlib.compress(b"\xfe" * 60_000)).decode()
"""Packed ports far beyond the highest one."""


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("scheme", "role"), [(scheme, role) for scheme, roles in PALETTE.items() for role in roles])
def test_contrast(scheme: str, role: str) -> None:
    dark, light = sorted(luminance(colour) for colour in PALETTE[scheme][role])
    assert (light + 0.05) / (dark + 0.05) >= 4.5


class Elements(HTMLParser):
    """The page as a parser sees it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def test_hostile_names_are_text() -> None:
    hostile = artifact(HOSTILE, factory.conflict_facts())
    hostile["plan"]["needs"][0]["title"] = hostile["plan"]["needs"][0]["service"] = HOSTILE
    hostile["plan"]["live_conflicts"][0]["holder"] = HOSTILE
    hostile["facts"]["os"]["release"] = HOSTILE
    page = Elements(render_html(report_of({HOSTILE: hostile}, {f"gone {HOSTILE}": hostile}, title=HOSTILE)))
    assert [tag for tag, _attributes in page.tags].count("script") == 1
    assert sum(visible(HOSTILE) in text for text in page.texts) >= 6
    assert not [
        name for _tag, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"
    ]


def test_the_policy_names_the_page_s_own_style_and_script_only() -> None:
    page = render_html(report_of(states()))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    (css,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == source_hash(css)
    assert rules["script-src"] == source_hash(script)
    assert "://" not in page


def test_the_same_artifacts_give_the_same_bytes() -> None:
    assert render_html(report_of(states())) == render_html(report_of(dict(reversed(states().items()))))


def test_size_and_work_grow_with_the_number_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 hosts cost ten times as much as 100: counted, not timed; the packed ports are read once per lane."""
    calls = {"ports": 0, "text": 0}

    def counted(name, function):
        def call(*arguments):
            calls[name] += 1
            return function(*arguments)

        return call

    monkeypatch.setattr(_report_map, "single_ports", counted("ports", _report_map.single_ports))
    monkeypatch.setattr(_report_html, "html_text", counted("text", _report_html.html_text))
    full = PortSet.from_ranges((port, port) for port in range(1025, 6025, 2)).to_json()
    kinds = [artifact("x", factory.facts(dns={"udp_ports": {"udp4": full, "udp6": full}})), *states().values()]
    work, sizes = {}, {}
    for count in (120, 1200):
        calls.update(ports=0, text=0)
        made = {f"h{number:04}": {**kinds[number % 6], "host": f"h{number:04}"} for number in range(count)}
        sizes[count] = len(render_html(report_of(made)))
        work[count] = dict(calls)
    assert work[120]["ports"] == 120 // 6 * 5 * 2
    assert work[1200]["ports"] == 10 * work[120]["ports"]
    assert 9.5 < work[1200]["text"] / work[120]["text"] < 10.5
    assert 9 < sizes[1200] / sizes[120] < 10.5


@pytest.mark.parametrize("held", [["1-1"], {"count": 1, "lowest": 1, "highest": 1, "packed": FAR}])
def test_the_map_draws_no_port_that_does_not_exist(held) -> None:
    bent = artifact("a", factory.facts())
    bent["facts"]["dns"]["udp_ports"] = {"udp4": held, "udp6": []}
    page = render_html(report_of({"a": bent}))
    assert ("IPv4 held by DNS" in page) == isinstance(held, list)
