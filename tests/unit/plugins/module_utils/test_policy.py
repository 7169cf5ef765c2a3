# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import (
    PLAN_SPEC,
    POLICY_SPEC,
    RUN_SPEC,
    Policy,
    PolicyError,
)


def test_defaults() -> None:
    policy = Policy.from_options()
    assert policy.profiles == ("auto",)
    assert policy.detect is True
    assert not policy.extra_ports
    assert policy.socket_pool_size is None
    assert (policy.prune, policy.repair, policy.use_netsh, policy.include_listeners) == (False, False, False, False)
    assert (policy.reboot, policy.on_failure) == ("never", "keep")
    assert policy.reboot_timeout == 2700
    assert policy.reserves_unexposed("nt5")
    assert not policy.reserves_unexposed("nt6_r2")
    assert policy == Policy.from_options(dict.fromkeys(POLICY_SPEC))


def test_the_spec_is_the_sum_of_its_parts() -> None:
    assert {**PLAN_SPEC, **RUN_SPEC} == POLICY_SPEC
    assert not set(PLAN_SPEC) & set(RUN_SPEC)


def test_values_are_normalised() -> None:
    policy = Policy.from_options(
        {"extra_ports": [51820, "1646", "1645"], "ignore_services": ["IAS", "ias", "MSMQ"], "reserve_unexposed": False}
    )
    assert policy.extra_ports.strings() == ["1645-1646", "51820-51820"]
    assert policy.ignore_services == ("ias", "msmq")
    assert not policy.reserves_unexposed("nt5")


@pytest.mark.parametrize("size", [0, 1, 2499])
def test_a_small_pool_needs_to_be_allowed(size: int) -> None:
    with pytest.raises(PolicyError, match="allow_small_pool"):
        Policy.from_options({"socket_pool_size": size})
    assert Policy.from_options({"socket_pool_size": size, "allow_small_pool": True}).socket_pool_size == size


@pytest.mark.parametrize("size", [2500, 10000])
def test_a_pool_size_within_bounds(size: int) -> None:
    assert Policy.from_options({"socket_pool_size": size}).socket_pool_size == size


@pytest.mark.parametrize("size", [10001, -1, 2**63])
def test_a_pool_size_out_of_bounds_is_always_refused(size: int) -> None:
    with pytest.raises(PolicyError, match="between 0 and 10000"):
        Policy.from_options({"socket_pool_size": size, "allow_small_pool": True})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": ["sbs2003"]}, "no option 'profile'"),
        ({"profiles": "sbs2003"}, "profiles must be a list"),
        ({"profiles": ["sbs2004"]}, "profiles must be of"),
        ({"detect": "yes"}, "detect must be true or false"),
        ({"detect": 1}, "detect must be true or false"),
        ({"socket_pool_size": True}, "socket_pool_size must be a whole number"),
        ({"socket_pool_size": "2500"}, "socket_pool_size must be a whole number"),
        ({"extra_ports": ["1433 & del"]}, "extra_ports: .*neither a port"),
        ({"extra_ports": ["70000"]}, "extra_ports: .*not a port"),
        ({"extra_ports": ["53"]}, "extra_ports: UDP 53 is the port of DNS itself"),
        ({"extra_ports": ["1-65535"]}, "extra_ports: UDP 53 is the port of DNS itself"),
        ({"extra_ports": [None]}, "extra_ports must be a list of texts"),
        ({"extra_ports": [True]}, "extra_ports must be a list of texts"),
        ({"ignore_services": ["a\\b"]}, "ignore_services: "),
        ({"ignore_services": ["a\nb"]}, "ignore_services: "),
        ({"ignore_services": [""]}, "ignore_services: "),
        ({"start_services": ["a&b"]}, "start_services: "),
        ({"start_services": ["a\nb"]}, "start_services: "),
        ({"start_services": ["MSExchangeIS"]}, "never started"),
        ({"start_services": ["clussvc"]}, "never started"),
        ({"restart_services": ["a&b"]}, "restart_services: "),
        ({"restart_services": ["MSExchangeIS"]}, "never restarted"),
        ({"restart_services": ["dns"]}, "every window restarts DNS"),
        ({"restart_services": ["Netbird"], "ignore_services": ["netbird"]}, "named in ignore_services, too"),
        ({"restart_services": ["Netbird"], "detect": False}, "restart_services needs detect"),
        ({"catalogue_extra": [{"name": "x"}]}, "services is missing"),
        ({"catalogue_extra": [{"name": "x", "services": ["a", "dns"], "ports": ["5353"]}]}, "x names DNS"),
        ({"prune": True, "detect": False}, "prune needs detect"),
        ({"max_risk": 1.5}, "max_risk must be between"),
        ({"max_risk": float("nan")}, "max_risk must be between"),
        ({"max_risk": True}, "max_risk must be a number"),
        ({"reboot": "always"}, "reboot must be of"),
        ({"on_failure": "explode"}, "on_failure must be of"),
        ({"backups_kept": 0}, "backups_kept must be between"),
        ({"window_timeout": 1}, "window_timeout must be between"),
        ({"artifacts_dir": 7}, "artifacts_dir must be a path"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Policy.from_options(options)


@given(
    st.dictionaries(
        st.sampled_from(sorted(POLICY_SPEC)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
            max_leaves=4,
        ),
        max_size=4,
    )
)
def test_anything_gives_a_policy_or_a_policy_error(options: dict[str, Any]) -> None:
    try:
        assert isinstance(Policy.from_options(options), Policy)
    except PolicyError as error:
        assert "\n" not in str(error)


RANGE = {"start": 49152, "count": 16384}


def test_the_dynamic_range_of_both_families_or_of_one() -> None:
    def ranges(**option: Any) -> dict[str, Any]:
        wanted = Policy.from_options({"dynamic_port_range": option}).dynamic_port_range
        assert wanted is not None
        return dict(wanted.ranges)

    assert Policy.from_options().dynamic_port_range is None
    assert ranges(**RANGE) == {"dynamicport_udp4": (49152, 65535), "dynamicport_udp6": (49152, 65535)}
    assert ranges(ipv6=RANGE, start=None, count=None, ipv4=None) == {"dynamicport_udp6": (49152, 65535)}
    one = {"start": 1025, "count": 255}
    assert ranges(**RANGE, ipv4=one) == {"dynamicport_udp4": (1025, 1279), "dynamicport_udp6": (49152, 65535)}


@pytest.mark.parametrize(
    "option",
    [
        {},
        {"force": ["exchange"]},
        {"start": 1025},
        {"count": 255},
        {"start": 1024, "count": 1000},
        {"start": 1025, "count": 254},
        {"start": 49152, "count": 16385},
        {"start": 10**30, "count": 255},
        {"start": True, "count": 255},
        {"start": "49152", "count": 255},
        {"start": 49152.0, "count": 255},
        {"ipv4": {"start": 49152}},
        {"ipv4": [49152, 255]},
        {"ipv4": {**RANGE, "x": 1}},
        {**RANGE, "ipv6": {"start": 1, "count": 255}},
        {**RANGE, "ipv5": RANGE},
        {**RANGE, "force": "exchange"},
        {**RANGE, "force": ["dns"]},
        {**RANGE, "protocol": "tcp"},
    ],
)
def test_a_dynamic_range_that_windows_does_not_take_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="dynamic_port_range"):
        Policy.from_options({"dynamic_port_range": option})


@pytest.mark.parametrize("option", [[RANGE], "start=49152", 49152])
def test_a_dynamic_range_is_a_mapping(option: object) -> None:
    with pytest.raises(PolicyError, match="dynamic_port_range must be a mapping"):
        Policy.from_options({"dynamic_port_range": option})
