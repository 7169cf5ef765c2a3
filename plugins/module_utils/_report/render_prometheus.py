# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the report for node_exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Callable

from .._fleet.gate import IN_ORDER
from .._plan.status import STATUSES
from .escape import label_text
from .report import Report, Row


def _risk_now(row: Row) -> float | None:
    return row.details.risk_now if row.details else None


def _risk_after(row: Row) -> float | None:
    return row.details.risk_after if row.details else None


def _conflicts(row: Row) -> float | None:
    return float(len(row.details.conflicts)) if row.details else None


def _collected(row: Row) -> float | None:
    return row.collected.timestamp() if row.collected else None


_PER_HOST: tuple[tuple[str, str, Callable[[Row], float | None]], ...] = (
    ("portkeeper_host_in_order", "1 for a host that is safe or accepted.", lambda row: float(row.status in IN_ORDER)),
    ("portkeeper_host_risk_ratio", "Chance that the next start of DNS takes a needed port.", _risk_now),
    ("portkeeper_host_risk_after_ratio", "The same once the plan is carried out.", _risk_after),
    ("portkeeper_host_conflicts", "Needed ports that another process holds.", _conflicts),
    ("portkeeper_host_facts_timestamp_seconds", "When the facts were gathered.", _collected),
)
"""A gauge a row: name, help, value of a host; without a value the host has no sample."""


def render_prometheus(report: Report) -> str:
    """Render the report in Prometheus' text format; all metrics are gauges."""
    counts = report.counts
    lines = _head("portkeeper_hosts", "Hosts by status.")
    lines += [f'portkeeper_hosts{{status="{status}"}} {counts.get(status, 0)}' for status in STATUSES]
    lines += _head("portkeeper_exit_code", "What the gate makes of the run: 0, 2 or 4.")
    lines.append(f"portkeeper_exit_code {report.verdict.exit_code}")
    lines += _head("portkeeper_report_timestamp_seconds", "When the report was made.")
    lines.append(f"portkeeper_report_timestamp_seconds {_number(report.created.timestamp())}")
    lines += _head("portkeeper_host_status", "1, with the host's status as a label.")
    rows: dict[str, Row] = {}
    for row in report.rows:
        rows.setdefault(label_text(row.host), row)  # one name twice makes the whole file void; the worst comes first
    lines += [f'portkeeper_host_status{{host="{name}",status="{row.status}"}} 1' for name, row in rows.items()]
    for metric, help_text, value_of in _PER_HOST:
        lines += _head(metric, help_text)
        samples = ((name, value_of(row)) for name, row in rows.items())
        lines += [f'{metric}{{host="{name}"}} {_number(value)}' for name, value in samples if value is not None]
    return "".join(f"{line}\n" for line in lines)


def _head(name: str, help_text: str) -> list[str]:
    return [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
