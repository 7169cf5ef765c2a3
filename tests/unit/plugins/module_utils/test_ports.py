# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PortSet agrees with Python's sets, in canonical text and packed form."""

from __future__ import annotations

import base64
import json
import random
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortError, PortSet, parse_entries

PORTS = st.integers(1, 65535)
NEAR = st.one_of(PORTS, st.integers(1, 40), st.integers(65500, 65535))
SETS = st.frozensets(NEAR, max_size=60)


def _ports(*texts: str) -> PortSet:
    return PortSet.from_text(texts)


@given(SETS, SETS)
def test_algebra_agrees_with_builtin_sets(left: frozenset[int], right: frozenset[int]) -> None:
    a, b = PortSet.from_ports(left), PortSet.from_ports(right)
    assert frozenset(a | b) == left | right
    assert frozenset(a & b) == left & right
    assert frozenset(a - b) == left - right
    assert frozenset(a ^ b) == left ^ right
    assert (a <= b) == (left <= right)
    assert (a >= b) == (left >= right)
    assert a.isdisjoint(b) == left.isdisjoint(right)
    assert (a == b) == (left == right)
    assert len(a) == len(left)
    assert bool(a) == bool(left)
    assert all((port in a) == (port in left) for port in left | right)


@given(st.lists(st.tuples(NEAR, NEAR), max_size=30))
def test_ranges_are_canonical_whatever_comes_in(pairs: list[tuple[int, int]]) -> None:
    ports = PortSet.from_ranges((min(pair), max(pair)) for pair in pairs)
    for (_first, last), (following, _last) in pairwise(ports.ranges):
        assert following > last + 1
    assert PortSet.from_text(ports.strings()) == ports
    assert hash(PortSet.from_text(ports.strings())) == hash(ports)
    assert parse_entries(ports.strings()) == (ports, [], True)


@settings(max_examples=25)
@given(st.frozensets(PORTS, min_size=190, max_size=230))
def test_json_round_trip(numbers: frozenset[int]) -> None:
    ports = PortSet.from_ports(numbers)
    text = json.dumps(ports.to_json())
    assert PortSet.from_json(json.loads(text)) == ports


def test_pool_of_2500_is_packed_small() -> None:
    ports = PortSet.from_ports(random.Random(951746).sample(range(1024, 65535), 2500))
    packed = ports.to_json()
    assert isinstance(packed, dict)
    assert set(packed) == {"count", "lowest", "highest", "packed"}
    assert packed["count"] == 2500
    assert len(json.dumps(packed)) < 4000
    assert PortSet.from_json(packed) == ports


def test_packed_ports_are_checked_against_their_count() -> None:
    packed = PortSet.from_ports(range(1, 999, 2)).to_json()
    assert isinstance(packed, dict)
    with pytest.raises(PortError):
        PortSet.from_json({**packed, "count": 3})


def test_carry_at_the_edges() -> None:
    numbers = [1, 256, 511, 1021, 65535]
    differences = bytes([1, 255, 0, 255, 0, 255, 255, 0]) + bytes([255] * 252 + [254])
    packed = {
        "count": 5,
        "lowest": 1,
        "highest": 65535,
        "packed": base64.b64encode(zlib.compress(differences)).decode(),
    }
    assert list(PortSet.from_json(packed)) == numbers


def test_everything_odd_fits_packed() -> None:
    odd = PortSet.from_ports(range(1, 65536, 2))
    assert PortSet.from_json(odd.to_json()) == odd


@pytest.mark.parametrize(
    "value",
    [
        None,
        "1-2",
        {"count": 1},
        {"count": 1, "lowest": 5, "highest": 5, "packed": "!"},
        {"count": 1, "lowest": 5, "highest": 5, "packed": 7},
        {"count": 1, "lowest": 5, "highest": 5, "packed": base64.b64encode(b"x").decode()},
        {"count": 2, "lowest": 5, "highest": 5, "packed": base64.b64encode(zlib.compress(b"\x05")).decode()},
        {"count": 1, "lowest": 5, "highest": 5, "packed": base64.b64encode(zlib.compress(b"\x05")[:-1]).decode()},
        {"count": 0, "lowest": None, "highest": None, "packed": base64.b64encode(zlib.compress(b"")).decode()},
        {"count": 9, "lowest": 1, "highest": 9, "packed": base64.b64encode(zlib.compress(b"\x01" * 10**6)).decode()},
        ["1 - 2"],
        [5],
    ],
)
def test_json_refuses(value: object) -> None:
    with pytest.raises(PortError):
        PortSet.from_json(value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "0", "0-5", "65536", "5-4", "1-65536", "a", "1 -2", "+5", "5-", "-5", "٣", "1\n", "1-2-3", "9" * 9],
)
def test_text_is_strict(text: str) -> None:
    with pytest.raises(PortError):
        PortSet.from_text([text])
    assert parse_entries([text, "7-7"]) == (_ports("7"), [text], False)


@pytest.mark.parametrize("port", [True, 0, 65536, -1, "5", 5.0, None])
def test_only_real_ports(port: object) -> None:
    with pytest.raises(PortError):
        PortSet.from_ports([port])  # type: ignore[list-item]
    assert port not in _ports("1-65535")


def test_a_bare_text_is_not_a_list() -> None:
    with pytest.raises(PortError):
        PortSet.from_text("80")


@pytest.mark.parametrize(
    ("entries", "canonical"),
    [
        ([], True),
        (["3343-3343"], True),
        (["1645-1646", "3343-3343"], True),
        (["1645-1645", "1646-1646"], False),
        (["51820"], False),
        (["3343-3343", "1645-1646"], False),
        (["01645-1646"], False),
        (["5-5", "5-5"], False),
    ],
)
def test_canonical_is_said_of_the_value_as_it_is(entries: list[str], canonical: bool) -> None:
    ports, bad, is_canonical = parse_entries(entries)
    assert (bad, is_canonical) == ([], canonical)
    assert ports == PortSet.from_text(entries)


def test_immutable() -> None:
    with pytest.raises(AttributeError):
        _ports("5").ranges = ()  # type: ignore[misc]


def test_lowest_and_highest() -> None:
    assert (PortSet().lowest, PortSet().highest) == (None, None)
    assert (_ports("5-9", "1").lowest, _ports("5-9", "1").highest) == (1, 9)
