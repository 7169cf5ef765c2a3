# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.pool import Pool
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.risk import (
    draw_risk,
    hit_probability,
    risk_of,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet


def ports(first: int, last: int) -> PortSet:
    return PortSet.from_ranges(((first, last),))


@pytest.mark.parametrize(
    ("first", "last", "needed", "percent"),
    [
        (1024, 60000, 1, "4.24"),
        (1024, 65534, 1, "3.88"),
        (1024, 5000, 1, "62.9"),
        (49152, 65535, 1, "15.26"),
        (1024, 65534, 15, "44.7"),
    ],
)
def test_the_known_figures(first: int, last: int, needed: int, percent: str) -> None:
    figure = hit_probability(last - first + 1, needed, 2500) * 100
    decimals = len(percent.partition(".")[2])
    assert f"{figure:.{decimals}f}" == percent


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_it_is_the_binomial_formula(drawable: int, needed: int, drawn: int) -> None:
    if needed > drawable:
        with pytest.raises(ValueError, match="no draw"):
            hit_probability(drawable, needed, drawn)
        return
    missed = math.comb(drawable - needed, drawn) / math.comb(drawable, drawn) if drawn <= drawable else 0.0
    expected = 0.0 if needed == 0 else 1 - missed
    assert hit_probability(drawable, needed, drawn) == pytest.approx(expected, abs=1e-9)


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="no draw"):
        hit_probability(10, -1, 5)


def both(reserved: PortSet) -> dict[str, PortSet]:
    """Return the same reservations over IPv4 and IPv6."""
    return {"udp4": reserved, "udp6": reserved}


POOL = Pool(ports(1024, 65534), None, 2500, 2500, "uniform")


def test_figures_are_per_family_and_rounded() -> None:
    assert draw_risk(POOL, PortSet.from_ports((4500,)), both(PortSet())) == {"udp4": 0.038753, "udp6": None}


def test_reserved_ports_cannot_be_drawn() -> None:
    needed = PortSet.from_ports((4500,))
    assert draw_risk(POOL, needed, both(needed))["udp4"] == 0.0


def test_more_sockets_than_ports_take_everything() -> None:
    pool = Pool(ports(1024, 2000), None, 2500, 2500, "uniform")
    assert draw_risk(pool, PortSet.from_ports((1812,)), both(PortSet()))["udp4"] == 1.0
    assert draw_risk(pool, PortSet.from_ports((4500,)), both(PortSet()))["udp4"] == 0.0


def test_a_reservation_that_leaves_too_few_ports_for_the_pool_is_worth_nothing() -> None:
    pool = Pool(ports(49152, 65535), None, 2500, 2500, "estimate")
    needed = PortSet.from_ports((51820,))
    assert draw_risk(pool, needed, both(ports(49152, 65535)))["udp4"] == 0.152588
    assert draw_risk(pool, needed, both(ports(49152, 63036)))["udp4"] == 0.152588
    assert draw_risk(pool, needed, both(ports(49152, 63035)))["udp4"] == 0.0


def test_blocks_of_windows_make_the_pool_denser_and_protect_nothing() -> None:
    needed = PortSet.from_ports((51820,))
    pool = replace(Pool(ports(49152, 65535), None, 2500, 2500, "estimate"), blocked={"udp4": ports(51000, 60999)})
    assert draw_risk(pool, needed, both(PortSet()))["udp4"] == round(2500 / (16384 - 9999), 6)
    assert draw_risk(replace(pool, blocked={"udp4": ports(49152, 65000)}), needed, both(PortSet()))["udp4"] == 1.0
    assert draw_risk(pool, needed, both(needed))["udp4"] == 0.0


def test_the_headline_is_the_worse_family() -> None:
    pool = Pool(ports(49152, 65535), ports(1025, 60000), 2500, 2500, "estimate")
    needed = PortSet.from_ports((51820,))
    report = risk_of(pool, [("wireguard", needed)], both(PortSet()), both(needed)).to_json()
    assert report["per_family"]["udp4"]["now"] == 0.152588
    assert report["per_family"]["udp6"]["now"] == 0.04239
    assert report["now"] == 0.152588
    assert report["after_reload"] == 0.0
    assert report["per_need"] == [
        {"service": "wireguard", "ports": ["51820-51820"], "now": 0.152588, "after_reload": 0.0}
    ]
    assert report["model"] == "estimate"


def test_no_pool_gives_no_figure() -> None:
    report = risk_of(Pool(ports(1024, 5000), None, None, None, "no_pool"), [], both(PortSet()), both(PortSet()))
    assert (report.now, report.after_reload, report.model) == (None, None, "no_pool")


def test_reservations_may_differ_between_the_families() -> None:
    pool = Pool(ports(49152, 65535), ports(49152, 65535), 2500, 2500, "estimate")
    needed = PortSet.from_ports((51820,))
    assert draw_risk(pool, needed, {"udp4": needed, "udp6": PortSet()}) == {"udp4": 0.0, "udp6": 0.152588}
