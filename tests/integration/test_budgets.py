# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A nightly run keeps its budget per host on replayed hosts: tasks, requests, bytes, size of a result.

The hosts are those of the benchmarks: 2,500 sockets (SBS 2003) and 2 x 2,500 sockets (2019), more than 120 services.
They need neither root nor Wine. The budget of a change without its restart is in test_reservations.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replayed import Replayed

ROLE, DRIFT = "portkeeper.windows_dns.reserve_ports", "portkeeper.windows_dns.drift"
ROLE_TASKS, DRIFT_TASKS = (1, 1, 0), (1, 1, 3)
"""Host-tasks, skipped ones included, of the two hosts and of localhost, on which drift has report and gate. Each costs
a process on the controller."""
REQUESTS = 7
"""Without Receives: the handshake, the shell, the command, the end of both."""
CHANGE_REQUESTS, CHANGE_SESSIONS = 18, 2
"""The same for the whole role with a change: reservations and restart, which proves that the services are up."""
RECEIVE_BYTES = 64 * 1024
OUTPUT_BYTES = 175 * 1024
"""Of one reading; rows of netstat as Windows aligns them would make it 450 KB."""
ENCODING = 4 / 3
"""Bytes on the wire per byte of output: it comes as base64."""
MESSAGE_BYTES = 3500
"""Of a request and its answer: headers, seals and what stands around the output."""
RESULT_BYTES = 32 * 1024
RECORDINGS = ("nt5", "nt6")
OVER = {"winrm": (), "psrp": ("-e", "ansible_connection=psrp ansible_psrp_protocol=http ansible_psrp_auth=ntlm")}
"""What makes a connection of the inventory for winrm."""
SSH_LINES = 3
"""Of a reading: the line that shows that cmd answers, the command, and its end mark."""
SSH_CHANGE_LINES = 16
"""The same for the whole role with a change."""
PLAYS = [pytest.param(ROLE, ROLE_TASKS, id="role"), pytest.param(DRIFT, DRIFT_TASKS, id="drift")]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """Start the hosts; they end with the tests of this file."""
    hosts = Replayed(tmp_path_factory.mktemp("replayed"), {name: name for name in RECORDINGS})
    yield hosts
    hosts.end()


@pytest.fixture(scope="module")
def runs(controller, replayed, tmp_path_factory):
    """Give a function that runs a playbook on the hosts in their steady state, once, and its counters."""
    done: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = {}

    def run(playbook: str, connection: str = "winrm"):
        if (playbook, connection) not in done:
            replayed.control(op="rewind", to_end=True)
            replayed.control(op="reset_counters")
            option = f"reserve_ports_artifacts_dir={tmp_path_factory.mktemp('artifacts')}"
            found = controller.playbook(playbook, replayed.inventory, "-e", option, *OVER[connection])
            done[playbook, connection] = (found, replayed.control(op="counters"))
        return done[playbook, connection]

    return run


def assert_full_pools(found: Any) -> None:
    """Assert that every host's facts of a run tell of a full pool, and that there are such facts."""
    results = [result for by_host in found.results.values() for result in by_host.values() if result.get("facts")]
    counts = [result["facts"]["dns"]["udp_ports"]["udp4"]["count"] for result in results]
    assert len(counts) == len(RECORDINGS)
    assert min(counts) >= 2500


@pytest.mark.parametrize(("playbook", "budget"), PLAYS)
def test_host_tasks(runs, playbook: str, budget: tuple[int, int, int]) -> None:
    found, _counters = runs(playbook)
    assert found.returncode == 0, found.stdout + found.stderr
    assert {host: (stats["changed"], stats["failures"]) for host, stats in found.stats.items()} == dict.fromkeys(
        found.stats, (0, 0)
    ), "not the steady state"
    for host, most in zip((*RECORDINGS, "localhost"), budget, strict=True):
        tasks = [name for name, results in found.results.items() if host in results]
        print(f"{host}: {len(tasks)} host-tasks")
        assert min(1, most) <= len(tasks) <= most, tasks


@pytest.mark.parametrize("connection", OVER)
@pytest.mark.parametrize(("playbook", "_budget"), PLAYS)
def test_requests_and_bytes(runs, playbook: str, _budget: object, connection: str) -> None:
    found, counters = runs(playbook, connection)
    assert found.returncode == 0, found.stdout + found.stderr
    hosts, output = len(RECORDINGS), counters["output_bytes"]
    wire = counters["bytes_in"] + counters["bytes_out"]
    print(f"{counters['requests']} requests, {counters['receives']} receives, {output} bytes, {wire} on the wire")
    assert_full_pools(runs(ROLE)[0])
    assert output <= hosts * OUTPUT_BYTES
    assert (counters["sessions"], counters["commands"]) == (hosts, hosts)
    assert counters["requests"] - counters["receives"] <= hosts * REQUESTS
    assert counters["receives"] <= hosts + output // RECEIVE_BYTES
    assert wire <= ENCODING * output + MESSAGE_BYTES * counters["requests"]


@pytest.mark.parametrize("connection", OVER)
def test_requests_of_the_whole_role_with_a_change(controller, replayed, tmp_path, connection: str) -> None:
    replayed.control(op="rewind", to_end=False)
    replayed.control(op="reset_counters")
    option = f"reserve_ports_artifacts_dir={tmp_path}"
    found = controller.playbook(ROLE, replayed.inventory, "-e", option, *OVER[connection])
    assert found.returncode == 0, found.stdout + found.stderr
    assert {host: stats["changed"] for host, stats in found.stats.items()} == dict.fromkeys(RECORDINGS, 2)
    counters = replayed.control(op="counters")
    print(f"{counters['requests']} requests, {counters['receives']} receives, {counters['sessions']} sessions")
    assert counters["sessions"] == len(RECORDINGS) * CHANGE_SESSIONS
    assert counters["requests"] - counters["receives"] <= len(RECORDINGS) * CHANGE_REQUESTS


def counted_over_ssh(
    controller: Any, folder: Path, playbook: str, recording: str, *, steady: bool
) -> tuple[int, dict[str, Any]]:
    """Run a playbook on one host over ssh; return how many tasks changed it, and the counters.

    The replayed SSH server is in front of one host only.
    """
    hosts = Replayed(folder, {recording: recording}, ssh=True)
    try:
        hosts.control(op="rewind", to_end=steady)
        option = f"reserve_ports_artifacts_dir={folder / 'artifacts'}"
        found = controller.playbook(playbook, hosts.inventory_over_ssh, "-e", option)
        counters = hosts.control(op="counters")
    finally:
        hosts.end()
    assert found.returncode == 0, found.stdout + found.stderr
    print({name: counters[name] for name in ("ssh_logons", "ssh_sessions", "lines", "bytes_in", "bytes_out")})
    assert counters["requests"] == 0, "nothing goes over WinRM"
    return found.stats[recording]["changed"], counters


@pytest.mark.parametrize("recording", RECORDINGS)
@pytest.mark.parametrize(("playbook", "_budget"), PLAYS)
def test_connections_and_lines_over_ssh(controller, tmp_path, playbook: str, _budget: object, recording: str) -> None:
    changed, counters = counted_over_ssh(controller, tmp_path, playbook, recording, steady=True)
    assert changed == 0, "not the steady state"
    assert (counters["ssh_logons"], counters["ssh_sessions"]) == (1, 1)
    assert counters["lines"] <= SSH_LINES
    assert counters["bytes_out"] <= OUTPUT_BYTES


@pytest.mark.parametrize("recording", RECORDINGS)
def test_the_whole_role_with_a_change_over_ssh(controller, tmp_path, recording: str) -> None:
    changed, counters = counted_over_ssh(controller, tmp_path, ROLE, recording, steady=False)
    assert changed == 2
    assert (counters["ssh_logons"], counters["ssh_sessions"]) == (CHANGE_SESSIONS, CHANGE_SESSIONS)
    assert counters["lines"] <= SSH_CHANGE_LINES


@pytest.mark.parametrize(("playbook", "_budget"), PLAYS)
def test_result_size(runs, playbook: str, _budget: object) -> None:
    """No result holds a row per socket of the pool: Ansible copies each of them several times."""
    found, _counters = runs(playbook)
    sizes = {}
    for task, results in found.results.items():
        for host, result in results.items():
            shown = {key: value for key, value in result.items() if not key.startswith("_")}
            sizes[f"{task}, {host}"] = len(json.dumps(shown))
    assert_full_pools(runs(ROLE)[0])
    print(sizes)
    assert sizes
    assert max(sizes.values()) <= RESULT_BYTES, sizes
