# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For any input, a parser answers or raises its own error, in linear time."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.backup_read import read_backup
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.hostile import (
    READERS,
    TOKENS,
    artifact_document,
    backup_document,
    encoded,
    places,
    read,
    replaced,
)

EXAMPLES = 60
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
CODECS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp437", "cp1252")

hostile = st.one_of(
    st.binary(max_size=400),
    st.tuples(st.lists(st.sampled_from(TOKENS) | st.text(max_size=12), max_size=12), st.sampled_from(CODECS)).map(
        lambda made: "".join(made[0]).encode(made[1], "replace")
    ),
    st.tuples(st.lists(st.sampled_from(TOKENS), max_size=8), st.binary(max_size=9)).map(
        lambda made: "".join(made[0]).encode() + made[1]
    ),
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(TOKENS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("name", READERS)
@QUICK
@given(data=hostile)
@example(data=b"\xff\xfe\x00")
@example(data=b"\xff\xfe\x00\xd8")
@example(data=(" " * 401 + "REGEDIT4\n").encode())
@example(data=b"999999999999-0123456789abcdef\n")
@example(data=b"[" * 100_000)
@example(data=b'{"a":' * 100_000)
@example(data=b"9" * 5000)
def test_a_reader_raises_only_its_own_error(name: str, data: bytes) -> None:
    read(name, data)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("token", range(len(TOKENS)))
def test_every_hostile_token_alone_and_repeated(name: str, token: int) -> None:
    for text in (TOKENS[token], TOKENS[token] * 3):
        read(name, text.encode())
        read(name, b"\xff\xfe" + text.encode("utf-16-le"))


@pytest.mark.parametrize(("name", "document"), [("backup", backup_document()), ("artifact", artifact_document())])
@settings(QUICK, max_examples=100)
@given(data=st.data())
def test_a_file_with_one_wrong_value_is_refused_or_read(name: str, document: Any, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(list(places(document))))
    read(name, encoded(replaced(document, at, data.draw(values))))


WRONG = (-1, 2**32, 10**400, 1e400, True, None, "x", [], {}, [["a"]], [{}])


@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("name", ["backup", "artifact"])
def test_every_place_of_a_file_with_every_wrong_value(name: str, value: Any) -> None:
    document = backup_document() if name == "backup" else artifact_document()
    for at in places(document):
        read(name, encoded(replaced(document, at, value)))


def test_the_documents_are_good_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "backup.json"
    path.write_bytes(encoded(backup_document()))
    backup = read_backup(path)
    assert len(backup.rows) == len(backup.tables) == 1


UNITS = (*TOKENS, "a", '"', "\\", "\\\n", " : 1\n", '"a","1"\n', "UDP ", "0x", "00,", "HKEY_", "\u3000", "表")
BLOCK_BYTES = 3_000
FACTS_BYTES = 400
"""The reader of facts gets every block once per section."""


def steps(name: str, data: bytes) -> int:
    """Return lines of our own code that are run, and calls of the library's functions, to read this."""
    counted = 0

    def traced(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal counted
        if "portkeeper" not in frame.f_code.co_filename and "/plugins/" not in frame.f_code.co_filename:
            return None
        counted += event == "line"
        return traced

    outer = sys.gettrace()
    sys.settrace(traced)
    try:
        read(name, data)
    finally:
        sys.settrace(outer)
    return counted


@pytest.mark.parametrize("name", READERS)
def test_fuzz_linear(name: str) -> None:
    """Twice the input costs at most twice the steps; a quadratic reader would take four times as many."""
    for unit in UNITS:
        encoded_unit = unit.encode()
        size = FACTS_BYTES if name == "facts" else BLOCK_BYTES
        once = encoded_unit * max(1, size // len(encoded_unit))
        nothing, first, second = steps(name, b""), steps(name, once), steps(name, once * 2)
        assert second - nothing <= 2.2 * max(0, first - nothing) + 400, unit[:40]


def test_a_quadratic_reader_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def quadratic(data: bytes) -> int:
        return sum(1 for outer in data for inner in data if outer == inner)

    monkeypatch.setitem(READERS, "quadratic", (quadratic, ()))
    once, twice = steps("quadratic", b"a" * 100), steps("quadratic", b"a" * 200)
    assert twice > 3.5 * once
