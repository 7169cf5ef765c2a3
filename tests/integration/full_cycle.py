# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a consultant does with a host, from the first check to the rollback, over any connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

DNS = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
POLICY = {"socket_pool_size": 2500, "extra_ports": ["51820"]}


def configured(host: Any) -> str:
    """Return what DNS and TCP/IP are told about ports."""
    return "".join(host.exec(f"reg query {key}", check=False) for key in (DNS, TCPIP))


def booted(host: Any) -> str:
    """Return what Windows writes when it goes down; it differs after a boot."""
    return host.exec(r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Windows /v ShutdownTime")


def make_effective(run: Callable[..., dict[str, Any]], host: Any, *, force: bool) -> None:
    """Restart DNS, if that is due, and reboot the host."""
    restarted = run("dns_restart", **POLICY)
    assert restarted["_kind"] == "ok", restarted["msg"]
    before = booted(host)
    rebooted = run("host_reboot", force=force, **POLICY)
    assert rebooted["_kind"] == "ok", rebooted["msg"]
    assert rebooted["changed"] is True and rebooted["reboot_required"] is False, rebooted["msg"]
    assert booted(host) != before


def run_full_cycle(run: Callable[..., dict[str, Any]], host: Any) -> None:
    """Check, change, second run, drift by somebody else, verify, rollback and reboot."""
    untouched = configured(host)
    check = run("port_reservations", "--check", "--diff", **POLICY)
    assert check["_kind"] == "ok", check["msg"]
    assert check["changed"] is True and configured(host) == untouched
    done = run("port_reservations", "--diff", **POLICY)
    assert done["_kind"] == "ok", done["msg"]
    assert done["changed"] is True and done["diff"] == check["diff"]
    written = configured(host)
    assert written != untouched
    make_effective(run, host, force=not done["reboot_required"])
    second = run("port_reservations", **POLICY)
    assert second["changed"] is False, second["msg"]

    host.exec(f"reg add {DNS} /v SocketPoolSize /t REG_DWORD /d 700 /f")
    drifted = run("port_reservations", "--check", **POLICY)
    assert drifted["changed"] is True and drifted["before"] == {"socket_pool_size": 700}
    assert run("port_reservations", **POLICY)["changed"] is True
    assert configured(host) == written
    again = run("dns_restart", **POLICY)
    assert again["_kind"] == "ok", again["msg"]

    verified = run("port_verify", **POLICY)
    assert verified["_kind"] == "ok", verified["msg"]
    assert run("port_rollback", backup=done["backup"]["id"])["_kind"] == "failed", "somebody else's value is in between"
    back = run("port_rollback", backup=done["backup"]["id"], force=True)
    assert back["changed"] is True, back["msg"]
    assert configured(host) == untouched
