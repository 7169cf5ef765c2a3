# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each format of the report is valid for an independent reader, with hostile names, and reproducible."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from markdown_it import MarkdownIt
from markdown_it.token import Token
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.escape import visible, width
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_json import render_json
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_junit import render_junit
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_markdown import render_markdown
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_prometheus import render_prometheus
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_text import COLUMNS, render_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import Report
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    HOSTILE,
    artifact,
    away,
    in_order,
    report_of,
    states,
)

CHECKOUT = Path(__file__).resolve().parents[5]
RENDERERS = [render_text, render_markdown, render_junit, render_prometheus, render_json]


@pytest.fixture(scope="module")
def report() -> Report:
    """All states, compared with a night on which the fleet was in order; hostile names and texts in it."""
    bent = factory.conflict_facts()
    hostile = artifact(HOSTILE, bent)
    hostile["plan"]["live_conflicts"][0]["holder"] = HOSTILE
    hostile["problems"].append({"id": "x", "severity": "error", "message": HOSTILE, "data": {}})
    made = {**states(), HOSTILE: hostile, "東京" * 60: away("東京" * 60)}
    earlier = {name: artifact(name, in_order()) for name in [*states(), HOSTILE, f"gone{HOSTILE}"]}
    return report_of(made, earlier, title=f"Night {HOSTILE}")


@pytest.mark.parametrize("render", RENDERERS)
def test_no_format_sends_what_a_terminal_obeys(report, render) -> None:
    text = render(report)
    assert {char for char in text if not char.isprintable()} <= {"\n"}
    assert text == render(report)


def test_text_fits_the_terminal(report) -> None:
    text = render_text(report)
    assert max(width(line) for line in text.splitlines()) <= COLUMNS
    heads = re.findall(r"^(unreachable|conflict|drifted|pending_reboot) ", text, re.MULTILINE)
    assert heads == ["conflict", "conflict", "drifted", "pending_reboot", "unreachable", "unreachable"]
    assert "safe (1):\n  safe\n" in text
    assert "port 1645 is held by dns.exe" in text


@pytest.fixture(scope="module")
def many() -> Report:
    """More hosts than a person reads, of both kinds: 150 conflicts, 150 that are away, 150 in order; 150 are gone."""
    kinds = {"a": artifact("x", factory.conflict_facts()), "b": away("x"), "c": artifact("x", in_order())}
    names = {f"{kind}{number:03}": kinds[kind] for kind in kinds for number in range(150)}
    made = {name: {**entry, "host": name} for name, entry in names.items()}
    return report_of(made, {f"gone{number:03}": made["c000"] for number in range(150)})


@pytest.mark.parametrize("render", [render_text, render_markdown])
def test_people_read_of_the_hundred_worst_and_how_many_more_there_are(many: Report, render) -> None:
    text = render(many)
    assert [name for name in (row.host for row in many.rows) if re.search(rf"\b{name}\b", text)] == [
        f"{kind}{number:03}" for kind in "ac" for number in range(100)
    ]
    assert "nd 200 more hosts: 50 conflict, 150 unreachable" in " ".join(text.split())
    assert text.count("and 50 more") == 2, "those in order and those that are gone are counted, too"
    assert "150 conflict, 150 unreachable, 150 safe" in text


@pytest.mark.parametrize("render", [render_json, render_junit, render_prometheus])
def test_what_programs_read_has_every_host(many: Report, render) -> None:
    text = render(many)
    assert all(f'"{row.host}"' in text for row in many.rows)


def test_text_of_many_hosts_stays_short(many: Report) -> None:
    assert len(render_text(many).splitlines()) < 500


def test_text_of_one_host_stays_short_whatever_it_tells() -> None:
    talkative = artifact("a", factory.conflict_facts())
    talkative["msg"] = "word " * 500
    for action in talkative["plan"]["actions"]:
        action["reason"] = "because " * 500
    assert len(render_text(report_of({"a": talkative})).splitlines()) <= 20


def inline_tokens(markdown: str) -> list[Token]:
    """Return what a renderer reads in the lines of the text, which are nothing but headings, lists and paragraphs."""
    blocks = MarkdownIt("commonmark").enable("table").parse(markdown)
    kinds = {block.type.removesuffix("_open").removesuffix("_close") for block in blocks}
    assert kinds == {"heading", "bullet_list", "list_item", "paragraph", "inline"}
    return [token for block in blocks for token in block.children or ()]


def test_markdown_shows_names_as_text_only(report) -> None:
    tokens = inline_tokens(render_markdown(report))
    assert {token.type for token in tokens} <= {"text", "code_inline", "softbreak"}
    spans = [token.content for token in tokens if token.type == "code_inline"]
    assert visible(HOSTILE) in spans
    # Signs that other renderers take as markup, or as the mention of somebody, stand in code spans only.
    rest = "".join(token.content for token in tokens if token.type == "text")
    assert not set(rest) & set("<>[]`|*@&\\"), rest
    assert "_" not in rest.replace("pending_reboot", "")


@pytest.fixture(scope="module")
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def test_junit_is_valid_and_counts_right(report, junit_schema) -> None:
    text = render_junit(report)
    junit_schema.validate(text)
    (suite,) = ElementTree.fromstring(text)
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases["safe"] == []
    assert cases["away"] == ["error"]
    assert cases["drifted"] == ["failure"]
    assert cases[visible(HOSTILE)] == ["failure"]
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["7", "4", "2"]


def test_the_schema_refuses_what_is_no_junit(junit_schema) -> None:
    assert not junit_schema.is_valid("<testsuites><testsuite><testcase/></testsuite></testsuites>")


def test_prometheus_by_the_official_parser(report) -> None:
    families = {family.name: family for family in text_string_to_metric_families(render_prometheus(report))}
    statuses = {entry.labels["host"]: entry.labels["status"] for entry in families["portkeeper_host_status"].samples}
    assert statuses[visible(HOSTILE)] == "conflict"
    assert statuses["safe"] == "safe"
    risk = {entry.labels["host"]: entry.value for entry in families["portkeeper_host_risk_ratio"].samples}
    assert "away" not in risk and risk["safe"] == 0 and 0 < risk["conflict"] <= 1
    assert {entry.labels["status"]: entry.value for entry in families["portkeeper_hosts"].samples}["safe"] == 1
    assert families["portkeeper_exit_code"].samples[0].value == 2
    assert all(family.type == "gauge" for family in families.values())


def test_two_names_that_look_the_same_do_not_void_the_file_for_prometheus() -> None:
    text = render_prometheus(report_of({"a\n": away("a\n"), "a\\x0a": artifact("a\\x0a", in_order())}))
    (family,) = [it for it in text_string_to_metric_families(text) if it.name == "portkeeper_host_status"]
    assert [entry.labels["status"] for entry in family.samples] == ["unreachable"]


def test_json_by_its_schema(report) -> None:
    schema = json.loads((CHECKOUT / "plugins/plugin_utils/schemas/report.schema.json").read_text(encoding="utf-8"))
    content = json.loads(render_json(report))
    jsonschema.validate(content, schema)
    hosts = {entry["host"]: entry for entry in content["hosts"]}
    assert hosts[HOSTILE]["conflicts"][0]["port"] == 1645
    assert hosts["conflict"]["exposed"]
    assert {change["kind"] for change in hosts["conflict"]["changes"]} >= {"new"}
    assert content["gone"] == [f"gone{HOSTILE}"]


def test_the_gate_s_summary_by_its_schema(report) -> None:
    schema = json.loads((CHECKOUT / "plugins/plugin_utils/schemas/summary.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate({**report.verdict.as_dict(), "created": "2026-01-02T07:00:00Z"}, schema)


def test_the_terminal_says_the_plan_once_and_a_failure_always() -> None:
    found = artifact("a", factory.conflict_facts())
    found["msg"] = "a: what the check would do"
    assert "what the check would do" not in render_text(report_of({"a": found}))
    assert "what the check would do" in render_text(report_of({"a": {**found, "outcome": "failed"}}))
    problem = {"id": "x", "severity": "error", "message": "m", "data": {}}
    assert "what the check would do" in render_text(report_of({"a": {**found, "problems": [problem]}}))
