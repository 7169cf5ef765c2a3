# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters parse_transcript and unpack_ports work as Ansible calls them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.portkeeper.windows_dns.plugins.filter import (
    acceptance_points,
    anonymise_transcript,
    parse_transcript,
    unpack_ports,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet

TRANSCRIPT = Path(__file__).resolve().parents[2] / "captures" / "transcript-sbs2003.txt"


@pytest.mark.parametrize("module", [acceptance_points, anonymise_transcript, parse_transcript, unpack_ports])
def test_documented_options_are_the_arguments(module: object) -> None:
    name = module.__name__.rsplit(".", 1)[1]  # type: ignore[attr-defined]
    documentation = yaml.safe_load(module.DOCUMENTATION)  # type: ignore[attr-defined]
    function = module.FilterModule().filters()[name]  # type: ignore[attr-defined]
    arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
    assert documentation["name"] == name
    assert list(documentation["options"]) == ["_input", *arguments[1:]]
    assert yaml.safe_load(module.EXAMPLES)  # type: ignore[attr-defined]
    assert yaml.safe_load(module.RETURN)["_value"]  # type: ignore[attr-defined]


def test_text_bytes_and_base64_give_the_same_facts() -> None:
    data = TRANSCRIPT.read_bytes()
    facts = parse_transcript.parse_transcript(data)
    assert facts["os"]["release"] == "sbs2003"
    assert parse_transcript.parse_transcript(data.decode()) == facts
    assert parse_transcript.parse_transcript({"base64": base64.b64encode(data).decode()}) == facts
    assert "W32Time" in parse_transcript.parse_transcript(data, ["w32time"])["services"]


@pytest.mark.parametrize("source", [7, None, {"content": "x"}, ["x"]])
def test_other_sources_are_refused(source: object) -> None:
    with pytest.raises(AnsibleFilterError, match="parse_transcript"):
        parse_transcript.parse_transcript(source)


@pytest.mark.parametrize("extra", ["IAS", [7]])
def test_extra_services_are_a_list_of_names(extra: object) -> None:
    with pytest.raises(AnsibleFilterError, match="extra_services"):
        parse_transcript.parse_transcript("", extra)  # type: ignore[arg-type]


def test_unpack_ports() -> None:
    assert unpack_ports.unpack_ports(["1645-1646", "7-7"]) == ["7-7", "1645-1646"]
    assert unpack_ports.unpack_ports(["1645-1646"], single=True) == [1645, 1646]
    odd = PortSet.from_ports(range(1, 999, 2))
    assert unpack_ports.unpack_ports(odd.to_json(), single=True) == list(range(1, 999, 2))
    with pytest.raises(AnsibleFilterError, match="unpack_ports"):
        unpack_ports.unpack_ports({"packed": "x"})


def test_an_anonymous_transcript_is_a_transcript() -> None:
    data = TRANSCRIPT.read_bytes()
    text = anonymise_transcript.anonymise_transcript({"base64": base64.b64encode(data).decode()}, ["W32Time"])
    assert "SBSERVER" not in text
    assert "W32Time" in parse_transcript.parse_transcript(text, ["w32time"])["services"]
    with pytest.raises(AnsibleFilterError, match="anonymise_transcript: keep"):
        anonymise_transcript.anonymise_transcript(data, "W32Time")
    with pytest.raises(AnsibleFilterError, match="anonymise_transcript: a transcript is"):
        anonymise_transcript.anonymise_transcript(7)


@pytest.mark.parametrize("facts", [None, "text", {}, {"problems": 7}])
def test_only_facts_have_acceptance_points(facts: object) -> None:
    with pytest.raises(AnsibleFilterError, match="acceptance_points"):
        acceptance_points.acceptance_points(facts)
