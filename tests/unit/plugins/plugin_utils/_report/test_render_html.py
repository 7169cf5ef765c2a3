# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report has contrast, a content policy, escaped names, and linear size."""

from __future__ import annotations

import base64
import hashlib
import json
import pkgutil
import re
import zlib
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import ORDER
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report import html_page, port_map
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.escape import visible
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import CELLS
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._report import render_html as render_html_module
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._report.render_html import render_html
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    HOSTILE,
    artifact,
    in_order,
    report_of,
    states,
)

PACKAGE = render_html_module.__name__.rpartition(".")[0]
STYLE = pkgutil.get_data(PACKAGE, "report.css").decode()
FAR = base64.b64encode(zlib.compress(b"\xfe" * 60_000)).decode()
"""Packed ports far beyond the highest one."""


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def schemes() -> dict[str, dict[str, str]]:
    """Return the colours by scheme and name; the first block is the light one, the second the dark one."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = (dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in blocks)
    return dict(zip(("light", "dark"), colours, strict=True))


def rules() -> dict[str, dict[str, str]]:
    """Return the rules of one line, by selector: the properties that name a colour."""
    return {
        selector.strip(): dict(re.findall(r"([\w-]+): var\(--([\w-]+)\)", body))
        for selectors, body in re.findall(r"^(\.[^{\n]+) \{ (.+) \}$", STYLE, re.M)
        for selector in selectors.split(",")
    }


def contrast(one: str, two: str) -> float:
    dark, light = sorted(luminance(colour) for colour in (one, two))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("selector", [*(f".r-{status}" for status in ORDER), *(f".c-{cell}" for cell in CELLS)])
def test_statuses_and_cells_can_be_read(scheme: str, selector: str) -> None:
    colours, rule = schemes()[scheme], rules()[selector]
    assert contrast(colours[rule["color"]], colours[rule["background"]]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plain_text_can_be_read(scheme: str) -> None:
    colours = schemes()[scheme]
    assert all(contrast(colours[name], colours["bg"]) >= 4.5 for name in ("fg", "quiet", "link"))


def test_each_lane_has_a_colour() -> None:
    reports = [report_of({"a": artifact("a", facts)}) for facts in (factory.conflict_facts(), in_order())]
    kinds = {lane.kind for report in reports for lane in port_map.port_map(report.rows[0].details)}
    assert kinds >= {"pool", "reserved", "needs", "held", "hit"}
    assert all("fill" in rules()[f".l-{kind}"] for kind in kinds)


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


def everything() -> html_page.Page:
    """Return a page with every part: all states, compared, somebody gone, services without a column."""
    crowded = artifact("crowded", factory.conflict_facts())
    need = crowded["plan"]["needs"][0]
    crowded["plan"]["needs"] += [{**need, "service": f"service{number}", "services": []} for number in range(50)]
    earlier = {name: artifact(name, in_order()) for name in (*states(), "gone")}
    page = html_page.make_page(report_of({**states(), "crowded": crowded}, earlier))
    assert page.left_out and page.gone and page.moved and page.in_order
    return page


def filled(value: Any, text: str) -> Any:
    """Return the same value with this text in place of every text that is not empty."""
    if isinstance(value, str):
        return text if value else value
    if isinstance(value, tuple):
        return tuple(filled(part, text) for part in value)
    if is_dataclass(value):
        return replace(value, **{field.name: filled(getattr(value, field.name), text) for field in fields(value)})
    return value


def test_the_template_escapes_whatever_the_page_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a text that is our own, such as a status or the path of a picture, cannot become markup."""
    pages = {text: filled(everything(), text) for text in ("x", "<b onclick='x'>\"><script>x</script>&'")}
    shapes = []
    for text, page in pages.items():
        monkeypatch.setattr(render_html_module, "make_page", lambda _report, page=page: page)
        elements = Elements(render_html(report_of({})))
        shapes.append([(tag, list(attributes)) for tag, attributes in elements.tags])
        assert elements.tags.count(("details", {"class": "rest"})) == 1
        assert sum(text in shown for shown in elements.texts) > 100
    assert shapes[0] == shapes[1]


def test_the_policy_names_the_page_s_own_style_and_script_only() -> None:
    page = render_html(report_of(states()))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    (css,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert rules["default-src"] == "'none'"
    for directive, text in (("style-src", css), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[directive] == f"'sha256-{digest}'"
    assert css == STYLE
    assert "://" not in page


def test_the_same_artifacts_give_the_same_bytes() -> None:
    assert render_html(report_of(states())) == render_html(report_of(dict(reversed(states().items()))))


def test_size_and_work_grow_with_the_number_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,200 hosts cost ten times as much as 120: counted, not timed; the packed ports are read once per lane.

    The page grows less, because it has only the worst hosts of a large fleet in its markup.
    """
    calls = {"ports": 0, "text": 0}

    def counted(name, function):
        def call(*arguments):
            calls[name] += 1
            return function(*arguments)

        return call

    monkeypatch.setattr(port_map, "single_ports", counted("ports", port_map.single_ports))
    monkeypatch.setattr(html_page, "visible", counted("text", html_page.visible))
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
    assert sizes[1200] < 3 * sizes[120]


def large_fleet(count: int) -> dict[str, Any]:
    """Return hosts in turn in every state, more than a page has in its markup; the last in order is hostile."""
    kinds = list(states().values())
    return {f"h{number:04}": {**kinds[number % 5], "host": f"h{number:04}"} for number in range(count)} | {
        HOSTILE: {**artifact(HOSTILE, in_order()), "status": "safe"}
    }


def unpacked(text: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(text)))


def test_a_large_fleet_is_packed_with_the_markup_that_a_small_one_has() -> None:
    report = report_of(large_fleet(330))
    page = render_html(report)
    shown = Elements(page)
    assert sum(tag == "tr" for tag, _attributes in shown.tags) == 1 + 100
    (template,) = [attributes for tag, attributes in shown.tags if tag == "template"]
    index = unpacked(template["data-index"])
    assert [row[:2] for row in index] == [[visible(row.host), row.status] for row in report.rows[100:]]
    packed = re.search(r"<template.*?</template>", page, re.DOTALL)[0]
    pairs = [pair for group in re.findall(r"<p>(\S+)</p>", packed) for pair in unpacked(group)]
    assert len(pairs) == len(index) == 231
    whole = render_html(replace(report, rows=report.rows[:300]))
    for place, (row, part) in enumerate(pairs[:200], 100):
        assert row.strip() in whole and part.strip() in whole, report.rows[place].host
    elements = Elements("".join(map("".join, pairs)))
    assert {"script", "img"}.isdisjoint(tag for tag, _attributes in elements.tags)
    assert sum(visible(HOSTILE) in text for text in elements.texts) >= 2


def test_without_script_each_packed_host_has_its_status_and_reason() -> None:
    report = report_of(large_fleet(330))
    page = render_html(report)
    plain = "".join(re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL))
    elements = Elements(plain)
    assert "script" not in [tag for tag, _attributes in elements.tags]
    text = "".join(elements.texts)
    for row in report.rows[100:]:
        assert f"{visible(row.host)}: {row.status.replace('_', ' ')}" in text
        assert visible(row.reason) in text


@pytest.mark.parametrize("held", [["1-1"], {"count": 1, "lowest": 1, "highest": 1, "packed": FAR}])
def test_the_map_draws_no_port_that_does_not_exist(held) -> None:
    bent = artifact("a", factory.facts())
    bent["facts"]["dns"]["udp_ports"] = {"udp4": held, "udp6": []}
    page = render_html(report_of({"a": bent}))
    assert ("IPv4 held by DNS" in page) == isinstance(held, list)


@pytest.mark.parametrize("given", [None, b"{{ page.nothing }}", b"{% if %}", b"\xff"])
def test_files_that_cannot_be_used_are_named_as_the_cause(given: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkgutil, "get_data", lambda _package, _name: given)
    render_html_module._template.cache_clear()
    try:
        with pytest.raises(AnsibleError, match="install the collection again"):
            render_html(report_of(states()))
    finally:
        render_html_module._template.cache_clear()
