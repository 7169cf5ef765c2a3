# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows release is identified from any of its sources."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    NT,
    OPTIONS,
    facts_of_sections,
    problem_ids,
    section,
)


def _os(current: str, product_type: str = "ServerNT", ver: str = "") -> dict[str, Any]:
    return facts_of_sections(
        section("ver", ver),
        section("current_version", f"{NT}\n{current}"),
        section("product_options", f"{OPTIONS}\n    ProductType    REG_SZ    {product_type}\n"),
    )


def test_windows_10_and_later_say_6_3_in_the_old_value() -> None:
    current = "    CurrentVersion    REG_SZ    6.3\n    CurrentBuildNumber    REG_SZ    17763\n"
    numbers = "    CurrentMajorVersionNumber    REG_DWORD    0xa\n    CurrentMinorVersionNumber    REG_DWORD    0x0\n"
    assert _os(current + numbers)["os"]["release"] == "2019"
    assert _os(current, ver="Microsoft Windows [版本 10.0.17763.1]\n")["os"]["release"] == "2019"
    assert _os(current, "WinNT", "[Version 10.0.17763]\n")["os"]["release"] == "10"


@pytest.mark.parametrize(
    ("ver", "nt", "build"),
    [
        ("Microsoft Windows 2000 [Version 5.00.2195]", "5.0", 2195),
        ("Microsoft Windows [Versión 6.1.7601]", "6.1", 7601),
        ("Microsoft Windows [版本 10.0.20348.2227]", "10.0", 20348),
        ("", None, None),
    ],
)
def test_ver_alone(ver: str, nt: str | None, build: int | None) -> None:
    facts = facts_of_sections(section("ver", f"\n{ver}\n"))
    assert (facts["os"]["nt"], facts["os"]["build"], facts["os"]["release"]) == (nt, build, None)
    assert facts["os"]["family"] == {"5.0": "nt5", "6.1": "nt6_r2", "10.0": "nt6_r2", None: None}[nt]


def test_a_newer_build_is_taken_for_the_newest() -> None:
    current = (
        "    CurrentMajorVersionNumber    REG_DWORD    0xa\n    CurrentMinorVersionNumber    REG_DWORD    0x0\n"
        "    CurrentBuildNumber    REG_SZ    29999\n"
    )
    facts = _os(current)
    assert (facts["os"]["release"], facts["os"]["family"]) == ("2025", "nt6_r2")
    assert "release_not_exact" in problem_ids(facts)
