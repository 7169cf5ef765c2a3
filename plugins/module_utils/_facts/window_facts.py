# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read from the facts what a DNS window stops, what it can start again, and what to wait for afterwards.

A window is a restart of DNS that the host's Task Scheduler runs; while DNS is stopped, failed services are started.
Only services that ran before the window are waited for. A service that did not run before, and has never been started
since the boot, is reported and left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .._catalogue.row import SERVICE_NAME_RE
from .._commands.records import RAN_BEFORE
from .._windows.service_states import (
    AUTO_START,
    CONTINUE_PENDING,
    DISABLED,
    NEVER_STARTED,
    PAUSE_PENDING,
    RUNNING,
    START_PENDING,
    STOP_PENDING,
    STOPPED,
)
from .._windows.settings import DNS_RESTART, DNS_SERVICE, RANGES, SETTINGS
from .dynamic_range import configured_text
from .host import Host

_PENDING = (START_PENDING, STOP_PENDING, CONTINUE_PENDING, PAUSE_PENDING)


def running_dependents(facts: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the running services that depend on DNS, and stop with it. None if the dependents are not known."""
    dependents = facts["dns"]["dependents"]
    if dependents is None:
        return None
    return tuple(name for name in dependents if _row(facts, name).get("state") == RUNNING)


def process_of_dns(facts: Mapping[str, Any]) -> int | None:
    """Return the PID of DNS as the service manager reports it; None if it reports none."""
    pid: int | None = _row(facts, DNS_SERVICE).get("pid")
    return pid


def on_record(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the service keys in the host's record of what ran before a window, without entries that are not keys."""
    record = ((facts.get("state") or {}).get("settings") or {}).get(RAN_BEFORE) or {}
    return tuple(name for name in str(record.get("value") or "").split(",") if SERVICE_NAME_RE.match(name))


def owed(facts: Mapping[str, Any], ignored: Collection[str] = ()) -> tuple[str, ...]:
    """Return the recorded services that must run again: not running, not ignored, and not known to be gone."""
    left_alone = {name.lower() for name in ignored}
    host = Host(facts)
    # If both the service manager's list and the registry could be read, a recorded service that is in neither is gone.
    all_there = host.services_known and not host.has_reading_errors(())
    return tuple(
        name
        for name in on_record(facts)
        if name.lower() not in left_alone
        and (not all_there if (row := host.service(name)) is None else row.state != RUNNING)
    )


def left_down(facts: Mapping[str, Any], ignored: Collection[str], named: Collection[str]) -> list[str]:
    """Return the services that ran before an earlier window, must run again, and can be started.

    DNS is left out, because every window starts it. So are the services that the planned action names anyway.
    """
    return [
        name
        for name in startable(facts, owed(facts, ignored))
        if name.lower() != DNS_SERVICE.lower() and name not in named
    ]


def record_ends(facts: Mapping[str, Any], ignored: Collection[str] = ()) -> bool:
    """Return whether the record was read completely and contains a service that no longer has to be started."""
    names = Host(facts).ran_before
    return bool(names) and owed(facts, ignored) != names


def still_down(facts: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the named services that do not run, or are not in the facts."""
    return [name for name in names if _row(facts, name).get("state") != RUNNING]


def startable(facts: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the named services that are stopped and not disabled."""
    host = Host(facts)
    rows = ((name, host.service(name)) for name in names)
    return [name for name, row in rows if row and row.state == STOPPED and row.start != DISABLED]


def not_yet(facts: Mapping[str, Any], name: str) -> bool:
    """Return whether the service may still change: its state is pending, or it is automatic and never started."""
    row = _row(facts, name)
    if row.get("state") in _PENDING:
        return True
    first = row.get("state") == STOPPED and row.get("win32_exit_code") == NEVER_STARTED
    return first and row.get("start") == AUTO_START and not row.get("trigger_start")


def awaited_at_boot(before: Mapping[str, Any]) -> frozenset[str]:
    """Return the services to wait for after a reboot: those that ran before, and those that the boot tried to start.

    A service that was not started since the last boot is not one of them, because it may never start.
    """
    return frozenset(
        name
        for name, row in before["services"].items()
        if row["state"] == RUNNING
        or (
            row["start"] == AUTO_START
            and not row["trigger_start"]
            and row["win32_exit_code"] not in (NEVER_STARTED, None)
        )
    )


def unsettled(facts: Mapping[str, Any], verdict: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """Return the named services for which waiting can help: they may still change, or run but are not in order yet.

    Args:
        facts: current facts of the host.
        verdict: the verdict on these facts.
        names: services that are waited for, in upper or lower case.
    """
    failing = {str(failure["service"]).lower() for failure in verdict["failures"]}
    lower = {name.lower() for name in names}
    return [
        name
        for name, row in facts["services"].items()
        if name.lower() in lower and (not_yet(facts, name) or (row["state"] == RUNNING and name.lower() in failing))
    ]


def unproved_processes(before: Mapping[str, Any], after: Mapping[str, Any], was_stopped: bool) -> dict[str, int | None]:
    """Return the settings whose record lacks the PID of the DNS process that a window has replaced, with that PID.

    Without the PID, the record could never show that the value has taken effect, and every run would restart DNS again.

    Args:
        before: facts from before the window that stopped DNS.
        after: facts from after the window.
        was_stopped: whether the window reported that it stopped DNS.

    Returns:
        By setting, the PID of DNS before the window; None if it is not known.
    """
    pid, now = process_of_dns(before), _row(after, DNS_SERVICE)
    is_new = was_stopped if pid is None else now.get("pid") not in (pid, None)
    if now.get("state") != RUNNING or not is_new:
        return {}
    records = (after["state"] or {}).get("settings") or {}
    return {
        name: pid
        for name, setting in {**SETTINGS, **RANGES}.items()
        if setting.takes_effect == DNS_RESTART
        and (record := records.get(name))
        and record["dns_pid"] is None
        and record["boot_mark"] is not None
        and record["boot_mark"] == before["boot_mark"] == after["boot_mark"]
        and record["value"] == configured_text(Host(before), setting) == configured_text(Host(after), setting)
    }


def _row(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = facts["services"].get(name)
    if found is None:
        found = next((row for key, row in facts["services"].items() if key.lower() == name.lower()), {})
    row: Mapping[str, Any] = found
    return row
