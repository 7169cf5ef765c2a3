# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The validator refuses what the reference validator refuses, except for unknown keys."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.schema import SchemaError, compiled
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import (
    NETSH,
    SETTINGS,
    written_setting,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._fleet.test_artifact import (
    ARTIFACT_SCHEMA,
    SCHEMAS,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import artifact, away, states

CHECK = compiled("artifact.schema.json", SCHEMAS)
WHOLE = artifact("a", factory.server_2019())
JUNK: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**9, "", "x", "1-2", [], [None], {}, {"a": 1}, "safe", [{"id": 1}])


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return every place in an artifact, its own first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


PLACES = places(WHOLE)[1:]


@pytest.mark.parametrize("host", sorted(states()))
def test_what_is_written_fits(host: str) -> None:
    assert CHECK(states()[host]) is None
    assert CHECK(away("b")) is None


@given(st.sampled_from(PLACES), st.sampled_from(JUNK), st.booleans())
def test_it_decides_as_the_reference_does(place: tuple[Any, ...], junk: object, removed: bool) -> None:
    changed = copy.deepcopy(WHOLE)
    parent: Any = changed
    for key in place[:-1]:
        parent = parent[key]
    if removed:
        del parent[place[-1]]
    else:
        parent[place[-1]] = junk
    problem = CHECK(changed)
    assert (problem is None) == ARTIFACT_SCHEMA.is_valid(changed), problem
    assert problem is None or problem.startswith((".", "["))


def test_the_place_is_named() -> None:
    changed = copy.deepcopy(WHOLE)
    changed["facts"]["dns"]["pid"] = "1500"
    assert str(CHECK(changed)).startswith(".facts.dns.pid: not of type integer")
    del changed["facts"]["dns"]["pid"]
    assert CHECK(changed) == ".facts.dns.pid: missing"


def test_an_unknown_key_is_ignored() -> None:
    changed = {**WHOLE, "of_a_later_release": 1, "facts": {**WHOLE["facts"], "later": []}}
    assert CHECK(changed) is None


@pytest.mark.parametrize("effective", [{"a": 1}, {"a": "yes"}, {"reserved_ports": 1}, {"reserved_ports": "maybe"}])
def test_what_is_effective_is_of_settings_that_are_known(effective: dict[str, Any]) -> None:
    changed = copy.deepcopy(WHOLE)
    changed["plan"]["effective"] = effective
    assert str(CHECK(changed)).startswith(f".plan.effective.{next(iter(effective))}")
    assert not ARTIFACT_SCHEMA.is_valid(changed)


def test_every_setting_may_be_effective() -> None:
    changed = copy.deepcopy(WHOLE)
    changed["plan"]["effective"] = dict.fromkeys([*filter(written_setting, SETTINGS), *NETSH], "yes")
    changed["plan"]["effective"].pop("max_user_port", None)
    assert CHECK(changed) is None


@pytest.mark.parametrize("schema", [{"multipleOf": 2}, {"$ref": "nowhere.json"}, {"$ref": "#/$defs/nothing"}])
def test_a_schema_that_cannot_be_followed_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        compiled("x.json", {"x.json": schema})


def test_an_end_of_line_is_not_the_end_of_a_text() -> None:
    check = compiled("x.json", {"x.json": {"type": "string", "pattern": "^[0-9]+$"}})
    assert check("12") is None
    assert check("12\n") is not None
