# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs to measure, and a short and a full table of cases."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from controller import BIN, PLAYS, WORK

ARTIFACTS = ("-e", f"reserve_ports_artifacts_dir={WORK / 'artifacts'}")
ROLE = "portkeeper.windows_dns.reserve_ports"
DRIFT = ("portkeeper.windows_dns.drift", *ARTIFACTS)
PSRP = ("-e", "ansible_connection=psrp ansible_psrp_protocol=http ansible_psrp_auth=ntlm")
"""The same hosts, reached through pypsrp; it encrypts messages over HTTP by itself."""
SLICES = 2
SLOW = 400
"""Milliseconds per request with which as many hosts as there are forks are waited for at a time."""


@dataclass(frozen=True)
class Job:
    """What a user wants done, and what the peer does for it.

    Attributes:
        title: in the tables.
        play: the playbook and its options.
        state: where the hosts stand; see `replay_fleet.Fleet.control`.
        peer: the peer's options.
        peer_state: of the peer's hosts.
        slices: in how many calls of Ansible at a time the hosts are split.
        connection: of the inventory.
    """

    title: str
    play: tuple[str | Path, ...]
    state: dict[str, Any] = field(default_factory=dict)
    peer: tuple[str, ...] = ()
    peer_state: str = "fresh"
    slices: int = 1
    connection: str = "winrm"

    def command(self, inventory: Path, hosts: int, forks: int) -> list[str | Path]:
        """Return the command line that does the job on the inventory's hosts."""
        line = [BIN / "ansible-playbook", *self.play, "-i", inventory, "-f", str(forks)]
        if self.slices == 1:
            return list(line)
        each = -(-hosts // self.slices)
        begun = [
            shlex.join(map(str, [*line, "--limit", f"all[{first}:{min(hosts, first + each) - 1}]"])) + " & pids+=($!)"
            for first in range(0, hosts, each)
        ]
        return ["bash", "-c", "; ".join([*begun, 'for pid in "${pids[@]}"; do wait "$pid" || exit 1; done'])]


_END = {"to_end": True}
JOBS: dict[str, Job] = {
    "first_contact": Job("first contact", (PLAYS / "check.yml",), {}, ("--check",)),
    "steady_check": Job("steady check", (PLAYS / "check.yml",), _END, ("--check",), "steady"),
    "steady_serial": Job("steady check, serial 10", (PLAYS / "check_serial.yml",), _END, ("--check",), "steady"),
    "steady_psrp": Job("steady check over psrp", (PLAYS / "check.yml", *PSRP), _END, ("--check",), "steady"),
    "steady_ssh": Job("steady check over ssh", (PLAYS / "check.yml",), _END, connection="ssh"),
    "drift": Job("drift.yml", DRIFT, _END, ("--check",), "steady"),
    "drift_slices": Job(f"drift.yml, {SLICES} slices", DRIFT, _END, ("--check",), "steady", SLICES),
    "steady_role": Job("role, nothing to do", (ROLE,), _END, (), "steady"),
    "steady_plain": Job("role in your own play, nothing to do", (PLAYS / "role.yml",), _END, (), "steady"),
    "change": Job("role, change", (ROLE,)),
}


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        job: of JOBS.
        hosts: how many.
        forks: of Ansible.
        delay: milliseconds that each HTTP request takes longer.
        repeats: how often each side runs.
        peer: whether the peer runs, too.
        floor: whether the floor is measured, too.
        recording: the hosts' in bench/recordings.
    """

    job: str
    hosts: int
    forks: int
    delay: int = 0
    repeats: int = 1
    peer: bool = True
    floor: bool = True
    recording: str = "nt6"


SHORT = (
    Case("steady_check", 1, 5, repeats=3),
    Case("steady_check", 10, 5, repeats=3),
    Case("steady_check", 10, 5, 20),
    Case("steady_check", 50, 50),
    Case("steady_role", 50, 50),
    Case("drift", 50, 50),
    Case("first_contact", 10, 5),
    Case("change", 10, 5),
    Case("steady_psrp", 10, 5, peer=False),
    Case("steady_ssh", 10, 5, peer=False, floor=False),
    Case("steady_role", 10, 5, peer=False, recording="nt5"),
)
FULL = (
    *(Case("steady_check", hosts, 5, repeats=2) for hosts in (1, 10)),
    *(Case(job, hosts, 5) for job in ("first_contact", "change") for hosts in (1, 10)),
    *(Case(job, 50, 50, repeats=3) for job in ("steady_check", "drift", "steady_role")),
    *(Case(job, 50, 50) for job in ("steady_plain", "first_contact", "change")),
    Case("steady_psrp", 50, 50, peer=False),
    Case("steady_ssh", 50, 50, peer=False, floor=False),
    *(Case("steady_check", 50, 5, delay) for delay in (0, 20, 100)),
    *(Case("steady_check", 50, 50, delay) for delay in (20, 100)),
    *(Case(job, 50, 50, 20) for job in ("drift", "steady_role")),
    *(Case("first_contact", 50, 50, delay) for delay in (20, 100)),
    *(Case("change", 10, 5, delay) for delay in (20, 100)),
    *(Case("drift", 50, forks, SLOW, peer=False, floor=False) for forks in (5, 25, 50)),
    *(Case(job, 50, 50, peer=False, floor=False) for job in ("steady_serial", "drift_slices")),
    *(Case(job, 10, 5, peer=False, recording="nt5") for job in ("steady_check", "steady_role", "change")),
    *(Case("drift", hosts, 50, peer=False) for hosts in (10, 1000)),
    Case("drift", 1000, 50, 100, peer=False, floor=False),
    Case("first_contact", 1000, 50, peer=False, floor=False),
)
"""The largest come last: whoever tries the others need not wait for them."""

CONNECTIONS = tuple(
    Case(job, 50, 50, repeats=3, peer=False, floor=False) for job in ("steady_check", "steady_psrp", "steady_ssh")
)


def cut(cases: Sequence[Case], most: int | None) -> list[Case]:
    """Return the cases with at most this number of hosts and one repeat, for a quick check; unchanged for None."""
    if most is None:
        return list(cases)
    return list(dict.fromkeys(replace(case, hosts=min(case.hosts, most), repeats=1) for case in cases))
