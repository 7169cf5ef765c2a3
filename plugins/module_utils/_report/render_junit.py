# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the report as JUnit XML, one test case per host."""

from __future__ import annotations

from .._fleet.gate import IN_ORDER, NOT_EVALUATED
from .escape import xml_text
from .report import Report, Row


def render_junit(report: Report) -> str:
    """Render the report as one suite with a test case per host.

    A host that was not evaluated is an error: the check did not run. Any other finding is a failure: it ran and found
    something.
    """
    errors = sum(row.status in NOT_EVALUATED for row in report.rows)
    failures = sum(row.status not in {*NOT_EVALUATED, *IN_ORDER} for row in report.rows)
    tally = f'tests="{len(report.rows)}" failures="{failures}" errors="{errors}"'
    created = report.created.strftime("%Y-%m-%dT%H:%M:%S")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {tally}>",
        f'<testsuite name="{xml_text(report.title)}" {tally} skipped="0" time="0" timestamp="{created}">',
        *(_case(row) for row in report.rows),
        "</testsuite>",
        "</testsuites>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _case(row: Row) -> str:
    head = f'<testcase classname="portkeeper.windows_dns" name="{xml_text(row.host)}" time="0"'
    if row.status in IN_ORDER:
        return f"{head}><system-out>{xml_text(row.reason)}</system-out></testcase>" if row.reason else f"{head}/>"
    kind = "error" if row.status in NOT_EVALUATED else "failure"
    body = "\n".join(xml_text(text) for text in (row.details.words if row.details else ()))
    message = xml_text(row.reason or row.status)
    return f'{head}><{kind} type="{row.status}" message="{message}">{body}</{kind}></testcase>'
