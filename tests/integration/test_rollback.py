# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback on a lab host: from the controller, at the console, and after a run that failed after it wrote."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
DNS = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
SENTINEL = rf"{TCPIP}\Interfaces\sentinel"


@pytest.fixture(scope="module")
def host(make_host):
    """Start a separate host."""
    return make_host("sbs2003", "--winrm", "full_chunks=true")


@pytest.fixture
def run(controller, host):
    """Give a function that runs one module with arguments and returns its result."""
    return partial(controller.module, host)


def value(host, key: str = TCPIP, name: str = "ReservedPorts") -> str:
    return host.exec(f"reg query {key} /v {name}", check=False)


def test_back_and_nothing_but_what_we_wrote(run, host) -> None:
    before, size = value(host), value(host, DNS, "SocketPoolSize")
    made = run("port_reservations", socket_pool_size=2500)["backup"]
    assert value(host) != before
    host.exec(f"reg add {SENTINEL} /v Gateway /t REG_SZ /d 192.0.2.1 /f")

    check = run("port_rollback", "--check", "--diff")
    assert check["changed"] is True and "4500-4500" in check["diff"]["before"]
    assert "4500-4500" not in check["diff"]["after"] and "SocketPoolSize: absent" in check["diff"]["after"]
    assert value(host) != before

    done = run("port_rollback")
    assert done["_kind"] == "ok", done["msg"]
    assert done["changed"] is True and done["backup"]["id"] == made["id"]
    assert value(host) == before
    assert value(host, DNS, "SocketPoolSize") == size
    assert "192.0.2.1" in value(host, SENTINEL, "Gateway")
    assert "3343-3343" in value(host, r"HKLM\SOFTWARE\portkeeper\state\reserved_ports", "value")
    assert run("port_rollback")["changed"] is False


def test_absent_becomes_absent_again(run, host) -> None:
    host.exec(f"reg delete {TCPIP} /v ReservedPorts /f")
    run("port_reservations")
    assert "4500-4500" in value(host)
    assert run("port_rollback")["after"] == {"reserved_ports": None}
    assert "ReservedPorts" not in value(host)


def test_foreign_text_comes_back_exactly(run, host) -> None:
    raw = "".join(f"{entry}\0" for entry in ["3343-3343", "a\u00e4\u20ac", ""]).encode("utf-16-le")
    digits = ",".join(f"{byte:02x}" for byte in raw)
    key = TCPIP.replace("HKLM", "HKEY_LOCAL_MACHINE")
    # A .reg file of UTF-16: its beginning is one that reg itself wrote.
    host.exec(
        r"reg add HKLM\SOFTWARE\wide /f&reg export HKLM\SOFTWARE\wide C:\windows\foreign.reg&"
        f'(echo [{key}]&echo "ReservedPorts"=hex^(7^):{digits})>C:\\windows\\foreign.txt&'
        r"cmd /u /c type C:\windows\foreign.txt>>C:\windows\foreign.reg&reg import C:\windows\foreign.reg"
    )
    assert run("port_reservations", repair=True)["_kind"] == "ok"
    assert run("port_rollback")["changed"] is True
    again = run("port_reservations", repair=True)["backup"]
    (row,) = json.loads(Path(again["path"]).read_text(encoding="utf-8"))["settings"]
    assert row["hex"] == raw.hex()
    host.exec(f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /s , /d 3343-3343 /f")


def test_somebody_else_s_change_is_respected_unless_forced(run, host) -> None:
    run("port_reservations")
    host.exec(f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /s , /d 3343-3343,7777-7777 /f")
    foreign = value(host)
    check = run("port_rollback", "--check")
    assert check["_kind"] == "ok" and check["refused"] is True and check["changed"] is False
    refused = run("port_rollback")
    assert refused["_kind"] == "failed" and "force" in refused["msg"]
    assert value(host) == foreign
    assert run("port_rollback", force=True)["changed"] is True
    assert "7777" not in value(host) and "3343-3343" in value(host)


def test_a_named_backup_over_later_changes_of_this_collection(run, host) -> None:
    before = value(host)
    first = run("port_reservations", extra_ports=["51820"])["backup"]
    run("port_reservations", extra_ports=["51820", "5060"])
    assert run("port_rollback", backup=first["id"])["changed"] is True
    assert value(host) == before
    unknown = run("port_rollback", backup="../../etc/passwd")
    assert unknown["_kind"] == "failed" and first["id"] in unknown["msg"]


def test_the_console_s_way_needs_no_network(run, host) -> None:
    before = value(host)
    script = run("port_reservations")["backup"]["host_path"] + r"\rollback.cmd"
    written = value(host)
    host.exec(f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /s , /d 7777-7777 /f")
    assert "somebody has changed" in host.exec(script, check=False)
    assert "7777" in value(host)
    entries = written.partition("REG_MULTI_SZ")[2].strip().replace("\\0", ",").strip(",")
    host.exec(f'reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /s , /d "{entries}" /f')
    assert "old values are back" in host.exec(script)
    assert value(host) == before
    again = run("port_reservations")
    assert again["changed"] is True and again["reboot_required"] is True
    run("port_rollback")


def test_backups_kept_on_both_sides(run, host) -> None:
    for port in range(20000, 20004):
        result = run("port_reservations", extra_ports=[str(port)], backups_kept=2)
        assert result["_kind"] == "ok", result["msg"]
    kept = sorted(Path(result["backup"]["path"]).parent.glob("*.json"))
    assert len(kept) == 2 and kept[-1].stem == result["backup"]["id"]
    assert sorted(host.exec(r"dir /b C:\windows\portkeeper\backup").split()) == [path.stem for path in kept]
    assert json.loads(kept[-1].read_text(encoding="utf-8"))["kind"] == "change"
