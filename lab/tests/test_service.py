# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service program shows the conflict, the draw, its reservations, and slow and failing services."""

from __future__ import annotations

import time

import pytest

from portkeeper_lab.scenario import LAB_KEY, SERVICES_KEY

pytest_plugins = ["portkeeper_lab.tool_fixture"]

DNS_PARAMETERS = f"{SERVICES_KEY}\\DNS\\Parameters"
TCPIP = f"{SERVICES_KEY}\\Tcpip\\Parameters"
POOL_SIZE = (DNS_PARAMETERS, "SocketPoolSize")
MAX_USER_PORT = (TCPIP, "MaxUserPort")
FIRST = (LAB_KEY, "DrawFirst")
AT_BOOT = (LAB_KEY, "BootReservedPorts")


@pytest.fixture(scope="module")
def draw_host(tool_host):
    """The host with all services stopped, except DNS, that could hold a port of the draw; restored at the end."""
    tool_host.run("net stop IAS & net stop PolicyAgent")
    yield tool_host
    tool_host.run(tool_host.configuration({**tool_host.draw_defaults, POOL_SIZE: None}))


@pytest.fixture
def draw(draw_host):
    """Draws a pool under the default values and the changes that are given."""
    return lambda changes: draw_host.draw({**draw_host.draw_defaults, **changes})


def test_conflict_and_its_repair(tool_host):
    """DNS holds 1645 and 4500, both victims say 10048; in the safe order they get their ports."""
    host = tool_host
    host.run("net stop IAS & net stop PolicyAgent")
    pool = host.restart_dns()
    assert len(pool) == 2500
    assert {1645, 4500} <= pool
    assert min(pool) >= 1024
    assert max(pool) <= 60000
    assert host.run("net start IAS").code == 2
    assert "10048" in host.run("net start PolicyAgent").err
    for victim in ("IAS", "PolicyAgent"):
        state = host.service(victim)
        assert (state["STATE"], state["WIN32_EXIT_CODE"]) == ("1", "10048")
    assert host.run("net stop DNS & net start IAS & net start PolicyAgent & net start DNS").code == 0
    pool = host.dns_ports()
    assert len(pool) == 2500
    assert pool.isdisjoint({1645, 1646, 1812, 1813, 500, 4500})
    held = host.udp()
    assert held[int(host.service("IAS")["PID"])] == {1645, 1646, 1812, 1813}
    assert held[int(host.service("PolicyAgent")["PID"])] == {500, 4500}


@pytest.mark.parametrize(
    ("reserved", "free"),
    [
        (["1645-1646", "4500-4500"], {1645, 1646, 4500}),
        (["1645-1645", "1646-1646", "4500-4500"], {4500}),
        (["1645-1646", "1646-1650", "4500-4500"], {4500}),
        (["1645", "4500-4500"], {4500}),
        (["1646-1645", "4500 - 4500", "x"], set()),
        (["1645-1646", "", "4500-4500"], {1645, 1646}),
        (["0-70000"], set()),
        ("1645-1646", set()),
    ],
)
def test_reservations_on_the_hard_side(draw, reserved, free):
    """Only merged ranges of the documented form protect."""
    pool = draw({FIRST: ["1645-1650", "4500"], AT_BOOT: reserved})
    assert pool & {1645, 1646, 4500} == {1645, 1646, 4500} - free


def test_reservation_waits_for_the_boot(draw):
    """A value that was only written protects nothing, except under the mutant that is wrong on purpose."""
    written = {(TCPIP, "ReservedPorts"): ["1645-1646"]}
    assert 1645 in draw(written)
    assert 1645 not in draw({**written, (LAB_KEY, "Mutant"): "reservation_without_reboot"})


def test_mutant_split_ranges(draw):
    """The other mutant honours neighbours that were entered separately."""
    split = {AT_BOOT: ["1645-1645", "1646-1646"]}
    assert 1645 in draw(split)
    assert 1645 not in draw({**split, (LAB_KEY, "Mutant"): "split_ranges_honoured"})


@pytest.mark.parametrize(
    ("max_user_port", "low", "high"),
    [(None, 49152, 65535), (5000, 1024, 5000), (65534, 1024, 65534), (65536, 1024, 65535), (1000, 49152, 65535)],
)
def test_range_of_the_draw(draw, max_user_port, low, high):
    """MaxUserPort sets the range; its bounds are drawn, ports beyond them never."""
    edges = [str(port) for port in (low - 1, low, high, min(high + 1, 65535))]
    pool = draw({FIRST: edges, MAX_USER_PORT: max_user_port})
    assert len(pool) == 200
    assert (min(pool), max(pool)) == (low, high)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 1), (3000, 3000), (10001, 2500)])
def test_pool_size(draw, size, count):
    assert len(draw({POOL_SIZE: size})) == count


def test_a_pool_that_exhausts_its_range(draw, draw_host):
    """Every port of a small range but the reserved and the bound ones is taken."""
    draw_host.run("net stop DNS & net start IAS & net start DNS")
    pool = draw({MAX_USER_PORT: 2000, POOL_SIZE: 2500, AT_BOOT: ["1100-1199"]})
    draw_host.run("net stop IAS")
    assert pool == set(range(1024, 2001)) - set(range(1100, 1200)) - {1645, 1646, 1812, 1813}


def test_seed(draw):
    """A seed repeats the draw; without one every start differs."""
    seeded = {(LAB_KEY, "DrawSeed"): 7}
    assert draw(seeded) == draw(seeded)
    assert draw({}) != draw({})


def test_pool_per_family(draw, draw_host):
    first = draw({(f"{SERVICES_KEY}\\DNS\\Lab", "Family"): "46"})
    second = draw_host.dns_ports("udpv6")
    assert (len(first), len(second)) == (200, 200)
    assert first != second


def test_slow_start_and_stop(tool_host, eventually):
    """sc returns while pending; the ports are held until the end."""
    host = tool_host
    assert host.run("sc start LabSlow").code == 0
    assert host.service("LabSlow")["STATE"] == "2"
    assert host.run("sc stop LabSlow").code == 1061
    assert "2189" in host.run("net start LabSlow").err
    eventually(lambda: host.service("LabSlow")["STATE"] == "4", 15.0)
    pid = int(host.service("LabSlow")["PID"])
    assert host.run("sc stop LabSlow").code == 0
    assert host.udp()[pid] == {7777}
    assert host.service("LabSlow")["STATE"] == "3"
    eventually(lambda: host.service("LabSlow")["STATE"] == "1", 15.0)
    assert pid not in host.udp()


def test_failing_service(tool_host):
    assert "10048" in tool_host.run("net start LabFail").err
    state = tool_host.service("LabFail")
    assert (state["STATE"], state["WIN32_EXIT_CODE"], state["SERVICE_EXIT_CODE"]) == ("1", "1066", "10048")


def test_late_service_that_ignores_a_conflict(tool_host, eventually):
    """It is RUNNING before it binds, and does without what is taken."""
    host = tool_host
    assert host.run("net start LabLate").code == 0
    pid = int(host.service("LabLate")["PID"])
    eventually(lambda: pid in host.udp("udpv6"), 15.0)
    assert {7801, 7802} <= host.udp()[pid]
    assert host.run("net stop LabLate").code == 0


def test_hanging_service(tool_host):
    """A start that never ends stays START_PENDING."""
    assert tool_host.run("sc start LabHang").code == 0
    time.sleep(0.3)
    assert tool_host.service("LabHang")["STATE"] == "2"


def test_a_paused_service_keeps_its_process_and_its_ports(tool_host, eventually):
    host, key = tool_host, f"{SERVICES_KEY}\\LabLate\\Lab /v Pausable"
    host.run(f"reg add {key} /t REG_DWORD /d 1 /f")
    assert host.run("net start LabLate").code == 0
    pid = int(host.service("LabLate")["PID"])
    eventually(lambda: pid in host.udp("udpv6"), 15.0)
    assert host.run("sc pause LabLate").code == 0
    assert (host.service("LabLate")["STATE"], int(host.service("LabLate")["PID"])) == ("7", pid)
    assert host.udp("udpv6")[pid]
    assert host.run("sc continue LabLate").code == 0
    assert host.service("LabLate")["STATE"] == "4"
    host.run(f"reg delete {key} /f & net stop LabLate & net start LabLate")
    assert host.run("sc pause LabLate").code == 1052, "as with most services"
    assert host.run("net stop LabLate").code == 0
