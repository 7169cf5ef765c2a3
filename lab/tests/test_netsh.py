# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vista and later: the draw from each family's dynamic range, netsh, and what remains after a boot."""

from __future__ import annotations

import re

import pytest

from portkeeper_lab.scenario import LAB_KEY, SERVICES_KEY

pytest_plugins = ["portkeeper_lab.tool_fixture"]

DNS_PARAMETERS = f"{SERVICES_KEY}\\DNS\\Parameters"
MEMORY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management"
EXCLUDED = (DNS_PARAMETERS, "SocketPoolExcludedPortRanges")
FIRST = (LAB_KEY, "DrawFirst")
ABSENT = (LAB_KEY, "AbsentNetsh")


def exclusions(host, options="", family="ipv4"):
    """The rows of show excludedportrange: first, last, star."""
    result = host.run(f"netsh interface {family} show excludedportrange protocol=udp {options}")
    assert result.code == 0
    return [(int(a), int(b), star) for a, b, star in re.findall(r"^ +(\d+) +(\d+) +(\*?)", result.out, re.MULTILINE)]


def dynamic(host, family="ipv4", protocol="udp"):
    """Start and number of show dynamicport."""
    return [int(n) for n in re.findall(r": (\d+)\r", host.run(f"netsh int {family} show dynamicport {protocol}").out)]


def test_each_family_has_a_pool_and_a_range_of_its_own(nt6):
    assert dynamic(nt6) == [50000, 1000]
    assert dynamic(nt6, "ipv6") == dynamic(nt6, "ipv4", "tcp") == [49152, 16384]
    four, six = nt6.dns_ports(), nt6.dns_ports("udpv6")
    assert (len(four), len(six)) == (100, 100)
    assert four <= set(range(50000, 51000))
    assert min(six) >= 49152
    assert six - set(range(50000, 51000))


def test_the_draw_leaves_excluded_ports_alone_but_not_reserved_ones(nt6):
    """SocketPoolExcludedPortRanges counts from the start on, and only as a-b; ReservedPorts and MaxUserPort do not."""
    first = {FIRST: ["50000-50009", "50100", "50300-50305"]}
    assert {50000, 50009, 50100} <= nt6.draw({**first, EXCLUDED: None})
    nt6.run(nt6.configuration({EXCLUDED: ["50000-50004", "50005-50006", "50008"]}))
    assert {50000, 50008} <= nt6.dns_ports()
    pool = nt6.restart_dns()
    assert pool.isdisjoint(range(50000, 50007))
    assert {50007, 50008, 50009, 50100} <= pool
    assert pool.isdisjoint(range(50300, 50310))
    nt6.draw({FIRST: None, EXCLUDED: None})


def test_a_block_forbids_its_ports(nt6):
    """A block has no star; a service that needs a port in it fails with 10013."""
    assert (50300, 50309, "") in exclusions(nt6)
    assert nt6.run("net start LabBlocked").code == 2
    state = nt6.service("LabBlocked")
    assert (state["STATE"], state["WIN32_EXIT_CODE"]) == ("1", "10013")


def test_an_exclusion_needs_free_ports_and_then_protects(nt6):
    """Per family; in the order stop DNS, exclude, start the service, start DNS."""
    nt6.draw({FIRST: ["50200"]})
    assert nt6.run("net start LabVictim").code == 2
    add = "netsh interface {} add excludedportrange protocol=udp startport=50199 numberofports=2 store=persistent"
    refused = nt6.run(add.format("ipv4"))
    assert (refused.code, "being used" in refused.out) == (1, True)
    assert exclusions(nt6, "store=persistent") == []
    nt6.run("net stop DNS")
    assert [nt6.run(add.format(family)).code for family in ("ipv4", "ipv6", "ipv4")] == [0, 0, 1]
    assert nt6.run("net start LabVictim & net start DNS").code == 0
    assert nt6.run("net stop LabVictim").code == 0
    assert 50200 not in nt6.restart_dns() | nt6.dns_ports("udpv6")
    assert (50199, 50200, "*") in exclusions(nt6)
    assert nt6.run("net start LabVictim & net stop LabVictim").code == 0
    for family in ("ipv4", "ipv6"):
        delete = f"netsh int {family} delete excludedportrange udp"
        assert nt6.run(f"{delete} startport=50200 numberofports=1").code == 1
        assert nt6.run(f"{delete} 50199 2").code == 0
        assert (50199, 50200, "*") not in exclusions(nt6, "", family)
    nt6.draw({FIRST: None})


def test_a_file_of_commands_goes_on_after_a_failure(nt6):
    nt6.draw({FIRST: ["50250"]})
    add = "interface ipv4 add excludedportrange protocol=udp startport={} numberofports=1\r\n"
    nt6.write("batch.txt", ("# three ranges\r\n" + "".join(map(add.format, (60001, 50250, 60003)))).encode("ascii"))
    result = nt6.run("netsh -f C:\\batch.txt")
    assert (result.code, result.out.count("Ok."), "being used" in result.out) == (0, 2, True)
    assert exclusions(nt6, "persistent") == [(60001, 60001, "*"), (60003, 60003, "*")]
    for port in (60001, 60003):
        assert nt6.run(f"netsh int ipv4 del exc udp {port} 1").code == 0
    assert nt6.run("netsh -f C:\\nothing.txt").code == 1
    nt6.write("batch.txt", (add.format(60001) + "\r\nC:\\>echo interface\r\n" + add.format(60003)).encode("ascii"))
    result = nt6.run("netsh -f C:\\batch.txt")
    assert (result.out.count("Ok."), "not found" in result.out) == (1, True), "it stops at what it does not know"
    assert nt6.run("netsh int ipv4 del exc udp 60001 1").code == 0
    nt6.draw({FIRST: None})


@pytest.mark.parametrize(
    "line",
    [
        "int ipv4 set dynamicport udp start=1024 num=1000",
        "int ipv4 set dynamicport udp start=2000 num=254",
        "int ipv4 set dynamicport udp start=65000 num=1000",
        "int ipv4 set dynamicport start=2000 num=1000",
        "int ipv4 add excludedportrange udp 0 1",
        "int ipv4 add excludedportrange udp 65535 2",
        "int ipv4 add excludedportrange udp 60000 x",
        "int ipv4 add excludedportrange udp 60000 1 store=never",
        "int ipv4 show excludedportrange",
        "int ipv4 show something",
        "int ipx show dynamicport udp",
    ],
)
def test_what_is_wrong_is_refused(nt6, line):
    assert nt6.run(f"netsh {line}").code == 1
    assert dynamic(nt6) == [50000, 1000]


def test_a_server_without_the_context(nt6):
    nt6.run(nt6.configuration({ABSENT: ["excludedportrange"]}))
    result = nt6.run("netsh interface ipv4 show excludedportrange protocol=udp")
    assert (result.code, re.findall(r"\d{3}", result.out)) == (1, [])
    assert dynamic(nt6) == [50000, 1000]
    nt6.run(nt6.configuration({ABSENT: None}))


def test_contexts_do_not_exist_before_vista(tool_host):
    for line in ("show dynamicport udp", "show excludedportrange protocol=udp"):
        assert tool_host.run(f"netsh interface ipv4 {line}").code == 1


def test_tasks_of_vista(nt6):
    """/create takes /f and no seconds."""
    create = "schtasks /create /tn T /tr cmd.exe /sc once /ru SYSTEM /st"
    assert nt6.run(f"{create} 00:00").code == 0
    assert nt6.run(f"{create} 00:00").code == 1
    assert nt6.run(f"{create} 00:00 /f").code == 0
    assert nt6.run(f"{create} 00:00:00 /f").code == 1
    assert nt6.run("schtasks /delete /tn T /f").code == 0


def test_what_a_boot_keeps(nt6):
    """Persistent exclusions and ranges live on, active ones do not; BootId grows."""
    boot_id = f'reg query "{MEMORY}\\PrefetchParameters" /v BootId'
    before = nt6.run(boot_id).out
    nt6.run("netsh int ipv4 add exc udp 61000 10 & netsh int ipv4 add exc udp 61100 10 store=active")
    nt6.run("netsh int ipv4 add exc udp 61200 10 & netsh int ipv4 delete exc udp 61200 10 store=active")
    nt6.run("netsh int ipv4 set dynamicport udp 50000 1100 active & netsh int ipv6 set dynamicport udp 60000 600")
    assert [row[0] for row in exclusions(nt6) if row[2]] == [61000, 61100]
    assert (dynamic(nt6), dynamic(nt6, "ipv6")) == ([50000, 1100], [60000, 600])
    nt6.host.reboot()
    assert [row[0] for row in exclusions(nt6) if row[2]] == [61000, 61200]
    assert (dynamic(nt6), dynamic(nt6, "ipv6")) == ([50000, 1000], [60000, 600])
    assert nt6.dns_ports("udpv6") <= set(range(60000, 60600))
    assert nt6.run(boot_id).out != before
    # The other tests share this host, in any order.
    for start in (61000, 61200):
        assert nt6.run(f"netsh int ipv4 delete exc udp {start} 10").code == 0
    assert nt6.run("netsh int ipv6 set dynamicport udp 49152 16384").code == 0
    nt6.restart_dns()
