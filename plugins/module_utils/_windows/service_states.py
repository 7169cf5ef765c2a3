# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service's state proves: one table for services that need ports, for DNS, and for services before a window.

The states are those of SERVICE_STATUS (Microsoft's documentation), the exit code is its WIN32_EXIT_CODE, the start type
is the value Start of the service's key. docs/service_states.md shows the table; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM_PID = 4
"""The process of Windows itself."""
HIGHEST_PID = 0xFFFFFFFF

OWN_PROCESS, SHARED_PROCESS, INTERACTIVE = 0x10, 0x20, 0x100
"""SERVICE_WIN32_OWN_PROCESS, SERVICE_WIN32_SHARE_PROCESS and SERVICE_INTERACTIVE_PROCESS: bits of the type."""

STOPPED, START_PENDING, STOP_PENDING, RUNNING, CONTINUE_PENDING, PAUSE_PENDING, PAUSED = range(1, 8)
AUTO_START, DEMAND_START, DISABLED = 2, 3, 4

SHARING_VIOLATION = 32
PORT_ERRORS = (10048, 10013, SHARING_VIOLATION)
"""The port: address in use, access denied (an excluded block), sharing violation."""
_HRESULT_OF_WIN32 = 0x80070000
"""HRESULT_FROM_WIN32 (winerror.h) puts a Win32 error below FACILITY_WIN32: 10048 is 0x80072740 then (KB284662)."""
NEVER_STARTED = 1077
"""ERROR_SERVICE_NEVER_STARTED: not started since the boot, so nobody can have stopped it."""

HOLDS = "holds"
EXCUSED = "excused"
NOT_YET = "not_yet"
DOWN = "down"
FAILED = "failed"
FAILED_ON_DEMAND = "failed_on_demand"
UNREAD = "unread"

STOPPED_ON_PURPOSE = "stopped_on_purpose"
TRIGGER_NOTE = "trigger_start"
DEMAND_NOTE = "demand_start"
DISABLED_NOTE = "disabled"

_AUTOMATIC = (0, 1, AUTO_START, None)
"""A Start that could not be read is treated as automatic: an excuse needs evidence."""
_ON_DEMAND = (DEMAND_START,)
_NEVER = (DISABLED,)
_NOT_RUNNING = (STOPPED, START_PENDING, STOP_PENDING, CONTINUE_PENDING, PAUSE_PENDING, PAUSED)
_HALTED = (STOP_PENDING, CONTINUE_PENDING, PAUSE_PENDING, PAUSED)


@dataclass(frozen=True)
class StateRow:
    """One row. The first that matches decides.

    Attributes:
        starts: values of Start.
        states: values of the state.
        needed: the verdict on a service that needs a port.
        dns: the verdict on DNS, None where the row does not apply.
        before: the verdict on a service that ran before a window, None where the row does not apply.
        proves: what the row shows, one sentence.
        exits: exit codes, None for any.
        triggered: whether a trigger starts the service, None where that does not matter. Neither DNS nor what ran
            before a window is excused by one.
        note: why the service is excused.
    """

    starts: tuple[int | None, ...]
    states: tuple[int, ...]
    needed: str
    dns: str | None
    before: str | None
    proves: str
    exits: tuple[int | None, ...] | None = None
    triggered: bool | None = None
    note: str | None = None

    def fits(self, start: int | None, triggered: bool, state: int, exit_code: int | None) -> bool:
        """Return whether the row matches such a service."""
        return (
            start in self.starts
            and self.triggered in (None, triggered)
            and state in self.states
            and (self.exits is None or exit_code in self.exits)
        )


_RUNS = "Its process works. Whether it holds its ports is checked separately."

TABLE: tuple[StateRow, ...] = (
    StateRow(_AUTOMATIC, (RUNNING,), HOLDS, HOLDS, HOLDS, _RUNS),
    StateRow((*_ON_DEMAND, *_NEVER), (RUNNING,), HOLDS, EXCUSED, HOLDS, _RUNS),
    StateRow(_AUTOMATIC, _NOT_RUNNING, FAILED, DOWN, DOWN, "Its start failed because of a port.", exits=PORT_ERRORS),
    StateRow(
        *(_ON_DEMAND, _NOT_RUNNING, FAILED_ON_DEMAND, EXCUSED, DOWN),
        "Its start failed because of a port, but Windows does not start it by itself.",
        exits=PORT_ERRORS,
        note=DEMAND_NOTE,
    ),
    StateRow(
        *((*_AUTOMATIC, *_ON_DEMAND), _NOT_RUNNING, EXCUSED, None, None),
        "A trigger starts it when it is needed. It is a finding only while another process holds its port, or a block"
        " of Windows covers it.",
        triggered=True,
        note=TRIGGER_NOTE,
    ),
    StateRow(_AUTOMATIC, (START_PENDING,), NOT_YET, NOT_YET, NOT_YET, "It is starting; check again."),
    StateRow(
        *(_AUTOMATIC, _HALTED, DOWN, DOWN, DOWN),
        "It does not work, but its process is still there, with its old sockets.",
    ),
    StateRow(
        *(_AUTOMATIC, (STOPPED,), NOT_YET, NOT_YET, NOT_YET),
        "No start was tried since the boot: Windows has not reached it yet, or it was set to automatic later.",
        exits=(NEVER_STARTED,),
    ),
    StateRow(
        *(_AUTOMATIC, (STOPPED,), EXCUSED, DOWN, DOWN),
        "It has started since the boot and was stopped without an error: on purpose. It is a finding only while DNS"
        " holds its port, because some services give up without an error.",
        exits=(0,),
        note=STOPPED_ON_PURPOSE,
    ),
    StateRow(_AUTOMATIC, (STOPPED,), DOWN, DOWN, DOWN, "It ended with an error, or no reason is known."),
    StateRow(
        *(_ON_DEMAND, _NOT_RUNNING, EXCUSED, EXCUSED, DOWN),
        "It is started on demand, for example by a cluster.",
        note=DEMAND_NOTE,
    ),
    StateRow(
        *(_NEVER, _NOT_RUNNING, EXCUSED, EXCUSED, DOWN),
        "It is disabled and cannot be started.",
        note=DISABLED_NOTE,
    ),
)
"""Every pair of a state and a start type; a state that could not be read is always UNREAD."""

_NOTHING_READ = StateRow((), (), UNREAD, UNREAD, UNREAD, "Its state could not be read: nothing.")


def port_error_of(exit_code: int | None) -> int | None:
    """Return an exit code; one of PORT_ERRORS without the facility with which some services report it."""
    if exit_code is not None and exit_code - _HRESULT_OF_WIN32 in PORT_ERRORS:
        return exit_code - _HRESULT_OF_WIN32
    return exit_code


def is_port_error(exit_code: int | None, port_is_held: bool) -> bool:
    """Return whether a service failed for its port.

    Args:
        exit_code: of the last stop.
        port_is_held: whether somebody else holds a known port of it. A sharing violation has many other causes.
    """
    return exit_code in PORT_ERRORS and (port_is_held or exit_code != SHARING_VIOLATION)


def state_row(start: int | None, triggered: bool, state: int | None, exit_code: int | None) -> StateRow:
    """Return the row that applies to a service.

    Args:
        start: 0 to 4, None where it could not be read.
        triggered: whether a trigger starts it.
        state: 1 to 7, None where it could not be read.
        exit_code: of the last stop, None where it could not be read.
    """
    if state is None:
        return _NOTHING_READ
    return next((row for row in TABLE if row.fits(start, triggered, state, exit_code)), _NOTHING_READ)


def has_own_process(kind: int | None) -> bool | None:
    """Return whether the type says that no other service runs in the process; None if it says neither."""
    if kind is None or not kind & (OWN_PROCESS | SHARED_PROCESS):
        return None
    return kind & ~INTERACTIVE == OWN_PROCESS


def has_no_process(state: int | None, pid: int | None) -> bool:
    """Return whether a service certainly has no process: it is STOPPED, and the service manager names none."""
    return state == STOPPED and not pid
