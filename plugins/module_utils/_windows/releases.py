# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows releases, and how to identify each by numbers.

Recognised are the NT version, the build, ``ProductType`` and ``ProductSuite``: none of them is ever translated. What
protects ports on each family is in ``settings.MECHANISMS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

WORKSTATION = "WinNT"
"""``ProductType`` of clients; member servers have ServerNT and domain controllers LanmanNT (KB152078)."""
SERVER_TYPES = frozenset(("servernt", "lanmannt"))
SBS_SUITES = frozenset(("small business", "small business(restricted)"))
"""``ProductSuite`` strings that become VER_SUITE_SMALLBUSINESS and VER_SUITE_SMALLBUSINESS_RESTRICTED."""

_VERSIONS = "Microsoft, Operating System Version (version numbers per release)"
_SUITES = f"{_VERSIONS}; VER_SUITE_SMALLBUSINESS of OSVERSIONINFOEX for ProductSuite"
_R2 = "no command prints SM_SERVERR2 of GetSystemMetrics, so the letters R2 in ProductName decide"
_BUILDS = "Microsoft, Windows Server release information (builds)"
_CLIENT_BUILDS = "Microsoft, Windows 10 and Windows 11 release information (builds)"


@dataclass(frozen=True)
class Release:
    """One release.

    Attributes:
        id: name used in facts.
        title: for people.
        source: where the row comes from.
        family: nt5, nt6 (Vista, 2008) or nt6_r2 (2008 R2 and later).
        nt: the NT version, "10.0" from Windows 10 on.
        builds: lowest and highest build, both included.
        server: whether it is a server.
        sbs: whether ProductSuite says Small Business.
    """

    id: str
    title: str
    source: str
    family: str
    nt: str
    builds: tuple[int, int]
    server: bool = True
    sbs: bool = False


_nt5 = partial(Release, family="nt5")
_nt6 = partial(Release, family="nt6", nt="6.0", builds=(6000, 6099))
_later = partial(Release, family="nt6_r2")
_ONLY_2000 = (2195, 2195)
_ONLY_XP = (2600, 2600)
_ONLY_2003 = (3790, 3790)
_WINDOWS_7 = (7600, 7699)

RELEASES: tuple[Release, ...] = (
    _nt5("2000", "Windows 2000", _VERSIONS, nt="5.0", builds=_ONLY_2000),
    _nt5("2000", "Windows 2000", _VERSIONS, nt="5.0", builds=_ONLY_2000, server=False),
    _nt5("xp", "Windows XP", _VERSIONS, nt="5.1", builds=_ONLY_XP, server=False),
    _nt5("xp", "Windows XP x64 Edition", _VERSIONS, nt="5.2", builds=_ONLY_2003, server=False),
    _nt5("sbs2003", "Windows Small Business Server 2003", _SUITES, nt="5.2", builds=_ONLY_2003, sbs=True),
    _nt5("2003", "Windows Server 2003", _VERSIONS, nt="5.2", builds=_ONLY_2003),
    _nt5("2003r2", "Windows Server 2003 R2", f"{_VERSIONS}; {_R2}", nt="5.2", builds=_ONLY_2003),
    _nt6("vista", "Windows Vista", _VERSIONS, server=False),
    _nt6("sbs2008", "Windows Small Business Server 2008", _SUITES, sbs=True),
    _nt6("2008", "Windows Server 2008", _VERSIONS),
    _later("7", "Windows 7", _VERSIONS, nt="6.1", builds=_WINDOWS_7, server=False),
    _later("sbs2011", "Windows Small Business Server 2011", _SUITES, nt="6.1", builds=_WINDOWS_7, sbs=True),
    _later("2008r2", "Windows Server 2008 R2", _VERSIONS, nt="6.1", builds=_WINDOWS_7),
    _later("8", "Windows 8", _VERSIONS, nt="6.2", builds=(9200, 9299), server=False),
    _later("2012", "Windows Server 2012", _VERSIONS, nt="6.2", builds=(9200, 9299)),
    _later("8.1", "Windows 8.1", _VERSIONS, nt="6.3", builds=(9600, 9699), server=False),
    _later("2012r2", "Windows Server 2012 R2", _VERSIONS, nt="6.3", builds=(9600, 9699)),
    _later("10", "Windows 10", _CLIENT_BUILDS, nt="10.0", builds=(10240, 19999), server=False),
    _later("11", "Windows 11", _CLIENT_BUILDS, nt="10.0", builds=(22000, 28000), server=False),
    _later("2016", "Windows Server 2016", f"{_BUILDS}; 1709 and 1803 count here", nt="10.0", builds=(14393, 17762)),
    _later("2019", "Windows Server 2019", f"{_BUILDS}; 1903 to 20H2 count here", nt="10.0", builds=(17763, 20347)),
    _later("2022", "Windows Server 2022", f"{_BUILDS}; 23H2 counts here", nt="10.0", builds=(20348, 26099)),
    _later("2025", "Windows Server 2025", _BUILDS, nt="10.0", builds=(26100, 26100)),
)

_R2_MARK_RE = re.compile(r"(?:^|[^A-Za-z0-9])R2(?:[^A-Za-z0-9]|\Z)")
_VERSION_RE = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\Z")


@dataclass(frozen=True)
class Identified:
    """The result of `identify`.

    Attributes:
        release: the row; None when nothing fits.
        exact: False when the build is newer or other than the row's: the family's newest row was taken.
    """

    release: Release | None
    exact: bool


def is_sbs(suites: Iterable[str]) -> bool:
    """Return whether ProductSuite says Small Business."""
    return any(suite.strip().lower() in SBS_SUITES for suite in suites)


def identify(
    nt_version: str | None,
    build: int | None,
    product_type: str | None,
    suites: Iterable[str] = (),
    product_name: str = "",
) -> Identified:
    """Identify the release by numbers.

    Args:
        nt_version: "major.minor"; from Windows 10 on 10.0.
        build: the build number; without it the version alone decides where it can.
        product_type: WinNT, ServerNT or LanmanNT; without it, only the family is known.
        suites: the strings of ProductSuite.
        product_name: looked at for the letters R2 between 2003 and 2003 R2 only, which changes nothing but the title.

    Returns:
        The release. A build that no row covers gives the row of that version with the nearest lower builds, not exact.
        An NT version above all known ones gives the newest row of its kind, not exact.
    """
    match = _VERSION_RE.match(nt_version or "")
    kind = (product_type or "").lower()
    if not match or kind not in {WORKSTATION.lower(), *SERVER_TYPES}:
        return Identified(None, False)
    version = (int(match.group(1)), int(match.group(2)))
    server = kind in SERVER_TYPES
    rows = [row for row in RELEASES if row.server == server]
    newest = max(_version(row) for row in rows)
    known = version <= newest
    rows = [row for row in rows if _version(row) == min(version, newest)]
    if server:
        rows = _of_suite(rows, is_sbs(suites), bool(_R2_MARK_RE.search(product_name)))
    if not rows:
        return Identified(None, False)
    if build is None:
        return Identified(rows[-1], len(rows) == 1 and known)
    fitting = [row for row in rows if row.builds[0] <= build <= row.builds[1]]
    if fitting and known:
        return Identified(fitting[0], True)
    lower = [row for row in rows if row.builds[0] <= build] or rows[:1]
    return Identified(lower[-1] if known else rows[-1], False)


def _version(row: Release) -> tuple[int, int]:
    major, _dot, minor = row.nt.partition(".")
    return int(major), int(minor)


def _of_suite(rows: list[Release], sbs: bool, r2: bool) -> list[Release]:
    """Keep the rows of the product suite: Small Business if there is such a release, R2 if it is marked."""
    if sbs and any(row.sbs for row in rows):
        return [row for row in rows if row.sbs]
    rows = [row for row in rows if not row.sbs]
    marked = [row for row in rows if row.id == "2003r2"]
    return marked if marked and r2 else [row for row in rows if row not in marked]


def release_family(nt_version: str | None) -> str | None:
    """Return the family by the NT version alone, for hosts with an unreadable product type."""
    match = _VERSION_RE.match(nt_version or "")
    if not match:
        return None
    version = (int(match.group(1)), int(match.group(2)))
    if version < (5, 0):
        return None
    return "nt5" if version < (6, 0) else "nt6" if version < (6, 1) else "nt6_r2"
