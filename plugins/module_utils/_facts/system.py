# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read facts about the operating system. The release is identified by numbers only."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from .._parsers.reg_query import RegKey
from .._problems import Problem, Severity, make_problem, shown
from .._windows.releases import RELEASES, SBS_SUITES, Identified, identify, is_sbs, release_family
from .reading import Reading, damaged, text_of

_OPTIONS = r"\control\productoptions"
_VER_RE = re.compile(r"(?<![0-9.])([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{3,6})(?![0-9])")
_VERSION_RE = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\Z")
_BUILD_RE = re.compile(r"[0-9]{3,6}\Z")
_FIRST_BUILD_OF_10 = 10240
"""From Windows 10 on CurrentVersion stays at 6.3; CurrentMajorVersionNumber and the build say what it really is."""
_VERSION_10 = (10, 0)
_SBS_SUITE = min(SBS_SUITES)
"""What all of them begin with."""
_NAMED_VERSIONS = frozenset(row.nt for row in RELEASES if row.id == "2003r2")
"""Where only the product's name tells two releases apart."""
_SBS_VERSIONS = frozenset(row.nt for row in RELEASES if row.sbs)


def read_os(reading: Reading) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fact ``os``."""
    current = reading.registry("current_version").find(r"\windows nt\currentversion")
    options = reading.registry("product_options").find(_OPTIONS)
    nt, build = _version(reading, current)
    stray = reading.registry("current_version").damaged
    missing = current is None and reading.succeeded("current_version")
    unread = missing and reading.text("current_version").strip()
    product = unicodedata.normalize("NFKC", text_of(current, "ProductName") or "")
    product_type = text_of(options, "ProductType")
    suites = _suites(options)
    # Each row counts by itself, and ver says the version too: what is in doubt is the product.
    unnamed = nt in _NAMED_VERSIONS and not product and (current or missing)
    lost = stray or unread or unnamed
    problems = [*(damaged("current_version", stray) if lost else ()), *_check_suites(reading, options, nt)]
    found = identify(nt, build, product_type, suites, product)
    family = found.release.family if found.release else release_family(nt)
    problems += _of_release(found, family, nt, build)
    facts = {
        "release": found.release.id if found.release else None,
        "family": family,
        "nt": nt,
        "build": build,
        "product": shown(product) if product else None,
        "product_type": shown(product_type) if product_type else None,
        "suites": [shown(suite) for suite in suites],
        "sbs": is_sbs(suites),
    }
    return facts, problems


def _check_suites(reading: Reading, options: RegKey | None, nt: str | None) -> list[Problem]:
    """Return the problem of a ProductSuite that could not be read, where that version has a Small Business Server."""
    if options is None or nt not in _SBS_VERSIONS:
        return []
    stray = reading.registry("product_options").damaged
    if stray:
        return damaged("product_options", stray)
    suite = options.values.get("productsuite")
    lost = reading.registry("product_options").may_hold(_OPTIONS, "ProductSuite")
    unread = suite.data is None if suite else not options.ended or lost
    marked = any(text.lower().startswith(_SBS_SUITE) and not is_sbs([text]) for text in _suites(options))
    return damaged("product_options") if unread or marked or "productsuite" in options.ambiguous else []


def _version(reading: Reading, current: RegKey | None) -> tuple[str | None, int | None]:
    """Return NT version and build: the registry's, else what ``ver`` prints (translated, but not its numbers).

    Where the sources contradict each other, none is believed. In front of what ``ver`` prints may stand other numbers.
    """
    texts = [text_of(current, name) for name in ("CurrentBuildNumber", "CurrentBuild")]
    builds = {int(text) for text in texts if text and _BUILD_RE.match(text)}
    found = [tuple(map(int, match)) for match in _VER_RE.findall(reading.text("ver")[:2000])]
    printed = [row for row in found if not builds or row[2] in builds][-1:]
    builds |= {row[2] for row in (printed or found[-1:])}
    build = builds.pop() if len(builds) == 1 else None
    named = _named_version(current, build) or next(((major, minor) for major, minor, _build in printed), None)
    if named is None or any(named != (major, minor) for major, minor, _build in printed):
        return None, build
    return f"{named[0]}.{named[1]}", build


def _named_version(current: RegKey | None, build: int | None) -> tuple[int, int] | None:
    major, minor = _number(current, "CurrentMajorVersionNumber"), _number(current, "CurrentMinorVersionNumber")
    if major is not None and minor is not None:
        return major, minor
    version = _VERSION_RE.match(text_of(current, "CurrentVersion") or "")
    if version and (build or 0) >= _FIRST_BUILD_OF_10:
        return _VERSION_10
    return (int(version.group(1)), int(version.group(2))) if version else None


def _of_release(found: Identified, family: str | None, nt: str | None, build: int | None) -> list[Problem]:
    if found.release is None:
        severity: Severity = "error" if family is None else "warning"
        message = "The Windows release could not be recognised from its version, build and product type."
        return [make_problem("release_unknown", severity, message, nt=nt, build=build)]
    if found.exact:
        return []
    message = f"Build {build} of NT {nt} is not in the table of releases; it is treated as {found.release.title}."
    return [make_problem("release_not_exact", "warning", message, nt=nt, build=build, release=found.release.id)]


def _number(key: RegKey | None, name: str) -> int | None:
    value = key.values.get(name.lower()) if key else None
    return value.data if value and isinstance(value.data, int) else None


def _suites(key: RegKey | None) -> list[str]:
    value = key.values.get("productsuite") if key else None
    return [text.strip() for text in value.data] if value and isinstance(value.data, list) else []
