# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every format of the report copes with artifacts of another form and with null facts."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_json import render_json
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_markdown import render_markdown
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_prometheus import render_prometheus
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.render_text import render_text
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._report.render_html import render_html
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    NULLS,
    artifact,
    in_order,
    report_of,
    with_null,
)

BOMB = {"count": 1, "lowest": 1, "highest": 1, "packed": base64.b64encode(zlib.compress(b"\xfe" * 60_000)).decode()}
"""A packed set whose ports lie far beyond the highest one."""
PATHS = (
    ("plan",), ("plan", "needs"), ("plan", "risk"), ("plan", "risk", "now"), ("plan", "live_conflicts"),
    ("plan", "pool_range"), ("plan", "settings"), ("plan", "actions"), ("facts",), ("facts", "dns"), ("facts", "os"),
    ("plan", "live_conflicts", 0, "port"), ("plan", "needs", 0, "ports"), ("facts", "dns", "udp_ports", "udp4"),
    ("plan", "pool_range", "udp4"), ("facts", "settings"), ("facts", "state"), ("problems",), ("collected",),
    ("msg",), ("status",),
)  # fmt: skip


@given(
    st.sampled_from(PATHS),
    st.sampled_from([None, 7, "x", [], {}, [1], ["x"], {"x": 1}, [{"x": 1}], True, -1.5, 1e999, 10**400, BOMB, [None]]),
)
def test_a_damaged_artifact_hides_no_host_and_breaks_nothing(path, value) -> None:
    bent = artifact("a", factory.conflict_facts())
    part = bent
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    report = report_of({"a": bent, "b": artifact("b", in_order())}, {"a": bent})
    assert {row.host for row in report.rows} == {"a", "b"}
    assert report.verdict.exit_code == 2
    assert all(render(report) for render in (render_html, render_json, render_markdown, render_prometheus, render_text))


@pytest.mark.parametrize("path", NULLS)
@pytest.mark.parametrize("make", [factory.conflict_facts, factory.server_2019])
def test_the_page_shows_a_fact_that_is_null_as_unknown(make, path) -> None:
    page = render_html(report_of({"a": artifact("a", with_null(make(), path))}))
    assert ('IPv4 held by DNS</div><div class="q">unknown' in page) == (path == ("dns", "udp_ports"))
    assert "None" not in page
