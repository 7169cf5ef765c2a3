# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the report as JSON, see schemas/report.schema.json."""

from __future__ import annotations

import json
from typing import Any

from .._fleet.times import time_text
from .report import Report, Row

REPORT_FORMAT = 1


def render_json(report: Report) -> str:
    """Render the report as JSON: ASCII only, keys sorted, a line for each host.

    Python's encoder is several times slower with an indent.
    """
    summary = report.verdict.as_dict()
    content = {
        "format": REPORT_FORMAT,
        "title": report.title,
        "created": time_text(report.created),
        **{name: summary[name] for name in ("exit_code", "worst", "reason", "limited", "counts")},
        "compared": report.compared,
        "gone": list(report.gone),
        "hosts": [],
    }
    hosts = ",\n".join(json.dumps(_host(row), sort_keys=True) for row in report.rows)
    before, empty, after = json.dumps(content, indent=1, sort_keys=True).rpartition('"hosts": []')
    return f"{before}{empty[:-1]}\n{hosts}]{after}\n" if hosts else f"{before}{empty}{after}\n"


def _host(row: Row) -> dict[str, Any]:
    details = row.details
    return {
        "host": row.host,
        "status": row.status,
        "reason": row.reason,
        "collected": time_text(row.collected) if row.collected else None,
        "release": details.release if details else None,
        "risk_now": details.risk_now if details else None,
        "risk_after_reload": details.risk_after if details else None,
        "conflicts": [vars(entry) for entry in details.conflicts] if details else [],
        "exposed": {need.service: need.open_ports.strings() for need in details.needs if need.open_ports}
        if details
        else {},
        "to_do": list(details.words) if details else [],
        "changes": [vars(change) for change in row.changes],
    }
