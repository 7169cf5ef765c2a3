# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the report as one HTML file: no network access, and a script only for sorting, filtering and unpacking."""

from __future__ import annotations

import base64
import functools
import hashlib
import pkgutil
from typing import Any

from ansible.errors import AnsibleError
from jinja2 import DictLoader, Environment, StrictUndefined, Template, TemplateError

from ...module_utils._report.html_page import PageHost, make_page, packed_hosts
from ...module_utils._report.report import Report
from .packed import Markup, pack_hosts

_PAGE, _PARTS = "report.html.j2", "report_parts.html.j2"
_STYLE, _SCRIPT = "report.css", "report.js"


def render_html(report: Report) -> str:
    """Render the report as an HTML document.

    Raises:
        AnsibleError: the files that the page is made of cannot be used.
    """
    try:
        template = _template()
        packed = pack_hosts(packed_hosts(report), _markup(template, report.compared))
        return template.render(page=make_page(report), packed=packed)
    except (OSError, UnicodeDecodeError, TemplateError) as error:
        raise AnsibleError(
            f"The collection's files of the HTML report cannot be used ({error}): install the collection again."
        ) from error


def _markup(template: Template, compared: bool) -> Markup:
    """Return what makes the markup of a host: its row of the table, and its part below."""
    macros: Any = template.environment.get_template(_PARTS).module

    def markup(host: PageHost) -> tuple[str, str]:
        return str(macros.line(host, compared)), str(macros.part(host, compared))

    return markup


@functools.cache
def _template() -> Template:
    """Return the template, with the parts that are the same on every page."""
    environment = Environment(
        loader=DictLoader({name: _text(name) for name in (_PAGE, _PARTS)}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = _text(_STYLE), _text(_SCRIPT)
    own = {"style": style, "style_hash": _hash(style), "script": script, "script_hash": _hash(script)}
    return environment.get_template(_PAGE, globals=own)


def _text(name: str) -> str:
    """Return a file of this package, independent of where the collection is installed."""
    content = pkgutil.get_data(__package__, name)
    if content is None:
        raise FileNotFoundError(name)
    return content.decode("utf-8")


def _hash(text: str) -> str:
    """Return the text's hash in the form of a Content Security Policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
