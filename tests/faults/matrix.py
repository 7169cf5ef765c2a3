# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of work on a lab host, one fault, and everything that must be true afterwards."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands import lock_state
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.progress import NOTE
from fault_host import FaultHost, Glance

WINDOW_S = 20
SHELL_GONE_S = 5.0
"""Seconds after which a shell whose deletion got lost must be gone: the lab's idle timeout and a look."""


STOPPED = "stopped"
"""A fault of the controller's: what a task's timeout does while the answer to a request is on its way."""


class Interruption(BaseException):
    """As a task's timeout raises it, from its alarm."""


def _nothing(host: FaultHost) -> None:
    """The state is there already."""


@dataclass(frozen=True)
class Work:
    """One piece of work.

    Attributes:
        module: what a task calls.
        options: its options.
        baseline: name of the state that it starts from.
        refresh: brings the services into it, before every point.
        done: whether the work is done.
        prepare: brings the host into a state in which the work can be done at all, once for a row of the matrix.
    """

    module: str
    options: dict[str, Any]
    baseline: str
    refresh: Callable[[FaultHost], object]
    done: Callable[[FaultHost, Glance, Seen], bool]
    prepare: Callable[[FaultHost], object] = _nothing


@dataclass
class Seen:
    """What was there before a point."""

    old: list[str] | None
    new: list[str] | None
    boots: int
    backups: int


def _ours(_host: FaultHost, now: Glance, seen: Seen) -> bool:
    return now.value == seen.new


def _victim_runs(host: FaultHost, now: Glance, _seen: Seen) -> bool:
    return now.runs(host.victim) and now.runs("DNS")


def _healed(host: FaultHost) -> None:
    host.restore("fresh")
    host.heal()


def written(host: FaultHost) -> None:
    """Bring the host into the state after a change."""
    host.restore("fresh")
    assert not host.act("port_reservations").get("failed")


WORKS = {
    "apply": Work("port_reservations", {}, "fresh", _nothing, _ours),
    "window": Work(
        "dns_restart",
        {"window_timeout": WINDOW_S, "verify_timeout": 5},
        "fresh",
        FaultHost.conflict,
        _victim_runs,
    ),
    "verify": Work("port_verify", {}, "fresh", _nothing, _victim_runs, _healed),
    "rollback": Work("port_rollback", {}, "written", _nothing, _ours),
    "reboot": Work(
        "host_reboot",
        {"force": True, "reboot_timeout": 60, "verify_timeout": 20},
        "written",
        _nothing,
        lambda _host, now, seen: now.boots > seen.boots,
    ),
}


@dataclass
class Matrix:
    """One row of the matrix: a piece of work on a host, cut everywhere."""

    host: FaultHost
    work: Work
    clock: pytest.MonkeyPatch
    converged: dict[str, str] = field(default_factory=dict)
    waited: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare the host."""
        self.work.prepare(self.host)

    def start(self) -> Seen:
        """Bring the host into the work's state."""
        host, work = self.host, self.work
        host.restore(work.baseline)
        work.refresh(host)
        old = host.baselines[work.baseline].value
        new = host.baselines["fresh"].value if work.module == "port_rollback" else self.target
        return Seen(old, new, host.host.boots, len(host.backups()))

    @property
    def target(self) -> list[str] | None:
        """What the reservations will be."""
        return self.host.baselines["written"].value

    def act(self) -> dict[str, Any]:
        """Run the work."""
        return self.host.act(self.work.module, **self.work.options)

    def act_until_stopped(self) -> dict[str, Any]:
        """Run the work; what is on disk where it is stopped."""
        before = signal.signal(signal.SIGALRM, _interrupt)
        where = {"artifacts_dir": str(self.host.home / "artifacts"), "run_id": "stopped"}
        try:
            return self.host.act(self.work.module, **self.work.options, **(where if self.writes else {}))
        except Interruption:
            if not self.writes:
                return {"failed": True, "phase": "verify", "dns_may_be_stopped": False}
            (path,) = (self.host.home / "artifacts" / "stopped").glob("*.json")
            left: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if left["outcome"] == "ok" and not list(self.host.home.rglob(NOTE)):
                return {"failed": False}  # it was stopped behind its own end, while its connection was closed
            self.expect(left["outcome"] == "failed", f"{self.work.module}: the artifact of a stopped task is wrong")
            return {"failed": True, **{name: left[name] for name in ("phase", "dns_may_be_stopped", "msg")}}
        finally:
            signal.signal(signal.SIGALRM, before)

    @property
    def writes(self) -> bool:
        """Whether the work changes anything."""
        return self.work.module != "port_verify"

    def length(self) -> int:
        """Return the number of requests of an undisturbed run."""
        seen = self.start()
        results: list[dict[str, Any]] = []
        count = self.host.requests(lambda: results.append(self.act()))
        assert _ended(results[0]), results[0]["msg"]
        assert self.work.done(self.host, self.host.glance(), seen)
        return count

    def point(self, kind: str, request: int = 1, **more: Any) -> bool:
        """Injects one fault; returns whether it hit.

        Args:
            kind: of the lab's faults.
            request: the number of the request, or of the message of ``action``.
            **more: further fields of the lab's Rule.
        """
        host = self.host
        seen = self.start()
        host.reset_counters()
        if kind == STOPPED:
            # Over ssh the answer could come before the signal; what was typed goes on to the host behind it.
            when = "call_before" if host.ssh else "call_after"
            rule = host.fault(when, request, call=lambda: os.kill(os.getpid(), signal.SIGALRM))
            result = self.act_until_stopped()
        else:
            rule = host.fault(kind, request, **more)
            result = self.act()
        commands, count = host.commands, host.counted
        label = f"{self.work.module} {kind} at {more.get('action', 'request')} {request}"
        if not rule.fired:
            self.expect(_ended(result) and count < request, f"{label}: was not hit in a run of {count} requests")
            return False
        now, left = self.check(label, seen, result, commands)
        if kind == STOPPED and host.ssh:
            # What was typed goes on: a run that meets it is in test_a_task_that_was_stopped_and_the_run_behind_it.
            self.expect(host.wait(host.ssh.is_idle, WINDOW_S), f"{label}: its last command does not end")
            self.expect(host.wait(host.answers, 30), f"{label}: the host does not come back")
            now = host.glance()
        settled = self.check_later(label, now, left)
        host.new_call()
        self.converge(label, seen, settled)
        return True

    def check(self, label: str, seen: Seen, result: dict[str, Any], commands: int) -> tuple[Glance, bool]:
        """Check what must be true when the task has ended; return what is seen then, and whether a shell is left."""
        host = self.host
        ended = _ended(result)
        away = not host.host.is_reachable()
        self.expect(host.wait(host.answers, 30), f"{label}: the host does not come back")
        left = bool(host.shells())
        now = host.glance()
        value = now.value
        self.expect(value in (seen.old, seen.new), f"{label}: the value is {value}")
        self.expect(not ended or self.work.done(host, now, seen), f"{label}: is called done and is not")
        if result.get("unreachable"):
            self.expect(commands == 0, f"{label}: unreachable after {commands} command(s)")
        if result.get("failed"):
            self.expect(result.get("phase") is not None, f"{label}: failed without a phase")
            known = isinstance(result.get("dns_may_be_stopped"), bool)
            self.expect(known, f"{label}: does not say whether DNS may be stopped")
            reported = away or now.runs("DNS") or result.get("dns_may_be_stopped")
            self.expect(bool(reported), f"{label}: DNS is stopped, but that is not reported")
        written = value != seen.old
        self.expect(not written or len(host.backups()) > 0, f"{label}: written without a backup on the controller")
        kept = list((host.folder / "backup").glob("*/restore.reg")) if host.folder.exists() else []
        self.expect(not written or bool(kept), f"{label}: written without a backup on the host")
        return now, left

    def check_later(self, label: str, now: Glance, left: bool) -> Glance:
        """Return what must hold when the window's deadline and the shells' idle timeout are over."""
        host = self.host
        if not now.runs("DNS"):
            now = host.glance_until(lambda seen: seen.runs("DNS"), WINDOW_S)
        self.expect(now.runs("DNS"), f"{label}: DNS does not run after the deadline")
        self.expect(host.wait(lambda: not host.shells(), SHELL_GONE_S), f"{label}: a shell is left")
        if not host.answers():
            # A task that was stopped leaves its last line running: it may have asked for a boot since.
            self.expect(host.wait(host.answers, 30), f"{label}: the host does not come back from its boot")
            now = host.glance()
        if left or not now.runs("WINS"):
            now = host.glance_until(lambda seen: seen.runs("DNS") and seen.runs("WINS"), 15)
        self.expect(now.runs("DNS"), f"{label}: DNS went down with its shell")
        self.expect(now.runs("WINS"), f"{label}: what depends on DNS was not started again")
        return now

    def converge(self, label: str, seen: Seen, settled: Glance) -> None:
        """The next run ends the work; a state from which it has done so already is not tried again."""
        state = self.state(settled)
        if state in self.converged:
            return
        self.converged[state] = label
        stopped = list(self.host.home.rglob(NOTE))
        result = self.act()
        named = "was stopped in the phase" in str(result.get("warnings"))
        self.expect(named or not stopped, f"{label}: the next run does not name the task that was stopped")
        if result.get("failed") and "is locked by another run" in result["msg"]:
            # Somebody who comes back after ten minutes; a window's own mark keeps its time.
            self.waited.append(label)
            time.sleep(1)
            self.host.new_call()
            with self.clock.context() as later:
                later.setattr(lock_state, "STALE_AFTER", -1)
                deadline = time.monotonic() + WINDOW_S + 10
                while "is locked by another run" in result["msg"] and time.monotonic() < deadline:
                    time.sleep(1)
                    self.host.new_call()
                    result = self.act()
        self.expect(_ended(result), f"{label}: the next run fails: {result.get('msg')}")
        self.expect(self.work.done(self.host, self.host.glance(), seen), f"{label}: the next run does not end the work")

    def state(self, now: Glance) -> str:
        """Return everything that the next run can see on the host, without names that differ each time."""
        host = self.host
        names = sorted(
            "/".join(_kind(part) for part in path.relative_to(host.folder).parts) for path in host.folder.rglob("*")
        )
        return repr((now.value, names, now.tasks, now.services, len(host.backups()), now.boots > 1))

    def expect(self, holds: bool, sentence: str) -> None:
        """Collects what does not hold, so that one run shows all."""
        if not holds:
            self.problems.append(sentence)


def _ended(result: dict[str, Any]) -> bool:
    """Return whether a task came to its end without a failure."""
    return not result.get("failed") and not result.get("unreachable")


def _interrupt(_number: int, _frame: object) -> None:
    raise Interruption


def _kind(name: str) -> str:
    """Return a file's name without times and nonces."""
    return "".join("#" if char.isdigit() or char in "abcdef" else char for char in name)
