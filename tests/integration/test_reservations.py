# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""port_reservations on a lab host: real cmd, registry and service manager, with the full pool and over 120 services."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
EXPECTED = (
    "1080-1080 1433-1434 1645-1646 1701-1701 1718-1720 1745-1745 1801-1801 1812-1813 2883-2883 3343-3343 3500-3619"
    " 4070-4071 4500-4500"
).split()
KIB = 1024


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host whose WinRM server hands output out in full chunks, as the budgets say."""
    return make_host("sbs2003", "--winrm", "full_chunks=true")


@pytest.fixture
def reserve(controller, host):
    """Give a function that runs the module once and returns its result."""
    return partial(controller.module, host, "port_reservations")


def write(host, entries: str, kind: str = "REG_MULTI_SZ") -> None:
    separator = "/s , " if kind == "REG_MULTI_SZ" else ""
    host.exec(f'reg add {TCPIP} /v ReservedPorts /t {kind} {separator}/d "{entries}" /f')


def reserved(host) -> list[str]:
    text = host.exec(f"reg query {TCPIP} /v ReservedPorts", check=False)
    return [entry.strip() for entry in text.partition("REG_MULTI_SZ")[2].split("\\0") if entry.strip()]


def registry(host, *keys: str) -> str:
    """Everything below the keys that we could write to, by the host's own reg.exe."""
    asked = keys or (TCPIP, r"HKLM\SYSTEM\CurrentControlSet\Services\DNS", r"HKLM\SOFTWARE\portkeeper")
    return "".join(host.exec(f"reg query {key} /s", check=False) for key in asked)


def test_registry_export_identical_in_check(reserve, host) -> None:
    whole = (r"HKLM\SYSTEM", r"HKLM\SOFTWARE\Microsoft", r"HKLM\SOFTWARE\portkeeper")
    registry_before, files_before = registry(host, *whole), host.exec("dir /s /b C:\\windows\\portkeeper", check=False)
    result = reserve("--check", "--diff")
    assert result["changed"] is True
    assert registry(host, *whole) == registry_before
    assert host.exec("dir /s /b C:\\windows\\portkeeper", check=False) == files_before


def test_a_variable_of_the_role_wins_over_module_defaults(controller, host) -> None:
    play = {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/portkeeper.windows_dns.windows_dns": {"extra_ports": ["5999"]}},
        "vars": {"reserve_ports_extra_ports": ["5060"]},
        "roles": ["portkeeper.windows_dns.reserve_ports"],
    }
    run = controller.playbook([play], host.inventory, "--check")
    (result,) = [found[host.name] for name, found in run.results.items() if "Reserve the ports" in name]
    after = result["plan"]["settings"][0]["after"]
    assert "5060-5060" in after and "5999-5999" not in after


def test_an_entry_that_is_no_range_stops_the_change_until_repair(reserve, host) -> None:
    for entries in ("3343-3343, ,5000-5001", "3343-3343,5001-5000", "3343-3343,abc", "3343-3343,70000-70001"):
        write(host, entries)
        before = registry(host)
        result = reserve()
        assert result["_kind"] == "failed", entries
        assert registry(host) == before
    assert reserve("--check")["changed"] is True
    repaired = reserve("--diff", repair=True)
    assert repaired["_kind"] == "ok"
    assert "70000-70001" in repaired["diff"]["after"]
    assert reserved(host) == EXPECTED


def test_a_value_of_the_wrong_type_stops_the_change_until_repair(reserve, host) -> None:
    write(host, "3343-3343", "REG_SZ")
    assert reserve()["_kind"] == "failed"
    assert "REG_SZ" in host.exec(f"reg query {TCPIP} /v ReservedPorts")
    assert reserve(repair=True)["_kind"] == "ok"
    assert reserved(host) == EXPECTED


def test_foreign_ranges_stay_and_split_ones_are_joined(reserve, host) -> None:
    write(host, "3343-3343,5000-5001,1645-1645,1646-1646")
    result = reserve("--diff")
    assert result["changed"] is True
    assert "1645-1645 and 1646-1646" in result["diff"]["after"]
    assert reserved(host) == sorted([*EXPECTED, "5000-5001"], key=lambda entry: int(entry.split("-")[0]))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"socket_pool_size": 2499}, "allow_small_pool"),
        ({"socket_pool_size": 10001}, "10000"),
        ({"socket_pool_size": -1}, "0"),
    ],
)
def test_pool_sizes_that_are_refused(reserve, host, options, word) -> None:
    before = registry(host)
    result = reserve(**options)
    assert result["_kind"] == "failed"
    assert word in result["msg"]
    assert registry(host) == before


def test_the_backup_restores_the_exact_bytes(reserve, host) -> None:
    write(host, "3343-3343")
    exact = host.exec(f"reg query {TCPIP} /v ReservedPorts")
    backup = reserve()["backup"]
    assert reserved(host) == EXPECTED
    content = json.loads(Path(backup["path"]).read_text(encoding="utf-8"))
    (row,) = content["settings"]
    assert bytes.fromhex(row["hex"]).decode("utf-16-le") == "3343-3343\0\0"
    assert row["after"] == EXPECTED
    host.exec(f"reg import {backup['host_path']}\\restore.reg")
    assert host.exec(f"reg query {TCPIP} /v ReservedPorts") == exact


def test_the_machine_keeps_the_id_of_the_first_write_until_it_has_another_name(reserve, host) -> None:
    first = reserve()["facts"]["machine"]
    assert len(first["id"]) == 32 and first["recorded_name"] == first["recorded_name"].upper() != ""
    host.exec(r"reg add HKLM\SOFTWARE\portkeeper /v computer_name /t REG_SZ /d COPIED /f")
    copied = reserve()
    assert (copied["changed"], copied["facts"]["machine"]["recorded_name"]) == (True, first["recorded_name"])
    assert copied["facts"]["machine"]["id"] != first["id"]
    assert reserve()["facts"]["machine"] == copied["facts"]["machine"]


def test_an_absent_value_becomes_absent_again(reserve, host) -> None:
    host.exec(f"reg delete {TCPIP} /v ReservedPorts /f")
    backup = reserve()["backup"]
    assert reserved(host) == EXPECTED
    host.exec(f"reg import {backup['host_path']}\\restore.reg")
    assert reserved(host) == []
    write(host, "3343-3343")
    reserve()


def test_the_second_run_changes_nothing_but_what_is_due(reserve, host) -> None:
    before = registry(host)
    result = reserve()
    assert result["before"] == {}
    assert result["backup"] is None
    assert result["reboot_required"] is True
    assert registry(host) == before


def test_another_runs_lock_is_respected_and_an_old_one_taken_over(reserve, host) -> None:
    write(host, "3343-3343")
    host.exec("md C:\\windows\\portkeeper\\lock & echo x>C:\\windows\\portkeeper\\lock\\9999999999-0123456789abcdef")
    result = reserve()
    assert result["_kind"] == "failed"
    assert "locked by another run" in result["msg"]
    assert reserved(host) == ["3343-3343"]
    host.exec("ren C:\\windows\\portkeeper\\lock\\9999999999-0123456789abcdef 1000000000-0123456789abcdef")
    assert reserve()["_kind"] == "ok"
    assert reserved(host) == EXPECTED
    assert "lock" not in host.exec("dir /b C:\\windows\\portkeeper")


def test_requests_per_session(reserve, host) -> None:
    """One session; 7 requests with nothing to write, 12 for a change, and a Receive per started 64 KiB of output."""
    for commands, budget in ((1, 7), (3, 12)):
        if commands == 3:
            write(host, "3343-3343")
        host.winrm(op="reset_counters")
        result = reserve()
        counters = host.winrm(op="counters")
        receives = -(-counters["output_bytes"] // (64 * KIB))
        print(f"{counters['requests']} requests, {counters['receives']} receives, {counters['output_bytes']} bytes")
        assert result["facts"]["services_total"] >= 120
        assert result["facts"]["dns"]["udp_ports"]["udp4"]["count"] > 2500, "the full pool"
        assert (counters["sessions"], counters["commands"]) == (1, commands)
        assert counters["requests"] <= budget + receives


def test_result_size(reserve) -> None:
    result = reserve()
    size = len(json.dumps({key: value for key, value in result.items() if not key.startswith("_")}))
    print(f"{size} bytes")
    assert size <= 32 * KIB
