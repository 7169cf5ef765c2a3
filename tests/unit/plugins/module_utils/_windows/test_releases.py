# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases are identified by numbers, never by a name."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.releases import (
    RELEASES,
    identify,
    release_family,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import MECHANISMS, SETTINGS

SBS = ("Small Business(Restricted)", "Terminal Server")


@pytest.mark.parametrize(
    ("nt", "build", "product_type", "suites", "release", "family"),
    [
        ("5.0", 2195, "ServerNT", (), "2000", "nt5"),
        ("5.0", 2195, "WinNT", (), "2000", "nt5"),
        ("5.1", 2600, "WinNT", (), "xp", "nt5"),
        ("5.2", 3790, "WinNT", (), "xp", "nt5"),
        ("5.2", 3790, "ServerNT", (), "2003", "nt5"),
        ("5.2", 3790, "LanmanNT", ("Enterprise",), "2003", "nt5"),
        ("5.2", 3790, "LanmanNT", SBS, "sbs2003", "nt5"),
        ("5.2", 3790, "LanmanNT", ("Small Business",), "sbs2003", "nt5"),
        ("6.0", 6002, "WinNT", (), "vista", "nt6"),
        ("6.0", 6003, "ServerNT", (), "2008", "nt6"),
        ("6.0", 6002, "LanmanNT", SBS, "sbs2008", "nt6"),
        ("6.1", 7601, "WinNT", (), "7", "nt6_r2"),
        ("6.1", 7600, "ServerNT", (), "2008r2", "nt6_r2"),
        ("6.1", 7601, "LanmanNT", SBS, "sbs2011", "nt6_r2"),
        ("6.2", 9200, "WinNT", (), "8", "nt6_r2"),
        ("6.2", 9200, "ServerNT", (), "2012", "nt6_r2"),
        ("6.3", 9600, "WinNT", (), "8.1", "nt6_r2"),
        ("6.3", 9600, "LanmanNT", (), "2012r2", "nt6_r2"),
        ("10.0", 19045, "WinNT", (), "10", "nt6_r2"),
        ("10.0", 14393, "ServerNT", (), "2016", "nt6_r2"),
        ("10.0", 22000, "WinNT", (), "11", "nt6_r2"),
        ("10.0", 22631, "WinNT", (), "11", "nt6_r2"),
        ("10.0", 26200, "WinNT", (), "11", "nt6_r2"),
        ("10.0", 17763, "LanmanNT", (), "2019", "nt6_r2"),
        ("10.0", 20348, "ServerNT", (), "2022", "nt6_r2"),
        ("10.0", 26100, "ServerNT", (), "2025", "nt6_r2"),
    ],
)
def test_known_builds(
    nt: str, build: int, product_type: str, suites: tuple[str, ...], release: str, family: str
) -> None:
    found = identify(nt, build, product_type, suites)
    assert found.release is not None
    assert (found.release.id, found.release.family, found.exact) == (release, family, True)
    assert release_family(nt) == family
    assert identify(nt, build, product_type.upper(), [suite.upper() for suite in suites]) == found


@pytest.mark.parametrize(
    ("nt", "build", "product_type", "release"),
    [
        ("10.0", 27500, "ServerNT", "2025"),
        ("10.0", 29000, "WinNT", "11"),
        ("10.1", 30000, "ServerNT", "2025"),
        ("11.0", 100, "WinNT", "11"),
        ("10.0", None, "ServerNT", "2025"),
        ("6.1", 7000, "ServerNT", "2008r2"),
        ("5.2", 3718, "ServerNT", "2003"),
    ],
)
def test_unknown_builds_are_not_exact(nt: str, build: int | None, product_type: str, release: str) -> None:
    found = identify(nt, build, product_type)
    assert found.release is not None
    assert (found.release.id, found.exact) == (release, False)


@pytest.mark.parametrize(
    ("nt", "product_type"),
    [("4.0", "ServerNT"), (None, "WinNT"), ("x", "WinNT"), ("5.2", None), ("5.2", "Server"), ("5.9", "WinNT")],
)
def test_what_cannot_be_told(nt: str | None, product_type: str | None) -> None:
    assert identify(nt, 3790, product_type).release is None


def test_2003_r2_differs_in_nothing_but_its_title() -> None:
    r2 = identify("5.2", 3790, "ServerNT", (), "Microsoft Windows Server 2003 R2").release
    plain = identify("5.2", 3790, "ServerNT", (), "Microsoft Windows Server 2003").release
    assert r2 is not None
    assert plain is not None
    assert (r2.id, plain.id) == ("2003r2", "2003")
    assert r2.family == plain.family
    assert identify("5.2", 3790, "LanmanNT", SBS, "2003 R2").release.id == "sbs2003"  # type: ignore[union-attr]


def test_every_row_is_whole() -> None:
    for row in RELEASES:
        assert row.source
        assert row.title.startswith("Windows ")
        assert row.builds[0] <= row.builds[1]


def test_no_build_belongs_to_two_rows() -> None:
    for row in RELEASES:
        for build in row.builds:
            same = [
                other
                for other in RELEASES
                if (other.nt, other.server, other.sbs) == (row.nt, row.server, row.sbs)
                and other.builds[0] <= build <= other.builds[1]
                and other.id != "2003r2"
            ]
            assert len(same) == 1


ISSUE = (
    "2000 xp 2003 2003r2 sbs2003 vista 2008 sbs2008 7 2008r2 sbs2011 8 8.1 2012 2012r2 10 2016 11 2019 2022 2025"
).split()
OF_FAMILY = {
    # Mechanism, and when a change takes effect; netsh's at once.
    "nt5": ("reserved_ports", "reboot"),
    "nt6": ("excluded_port_range_netsh", None),
    "nt6_r2": ("excluded_port_ranges", "dns_restart"),
}


def test_the_table_is_complete_and_says_what_follows_from_the_family() -> None:
    assert sorted({row.id for row in RELEASES}) == sorted(ISSUE)
    for row in RELEASES:
        mechanism = MECHANISMS[row.family]
        takes_effect = SETTINGS[mechanism.setting].takes_effect if mechanism.setting else None
        assert (mechanism.name, takes_effect) == OF_FAMILY[row.family]
        assert row.family == release_family(row.nt)


@pytest.mark.parametrize("build", range(5000, 40000, 3571))
def test_any_build_of_windows_10_and_later_is_of_the_newest_family(build: int) -> None:
    for product_type in ("ServerNT", "LanmanNT", "WinNT"):
        release = identify("10.0", build, product_type, SBS).release
        assert release is not None
        assert (release.family, release.server) == ("nt6_r2", product_type != "WinNT")
