# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short way through the playbooks over each connection, for any release of ansible-core.

The check `integration` runs this file, too; the checks `core-oldest` and `core-newest` run it with other releases:
PORTKEEPER_PROGRAMS is their folder.
"""

from __future__ import annotations

import re

import pytest
from over_each import QUICK, inventory

PLAYBOOKS = ("reserve_ports", "drift", "verify", "rollback")
RESERVE, DRIFT, VERIFY, ROLLBACK = (f"portkeeper.windows_dns.{name}" for name in PLAYBOOKS)
PORTS = {"winrm": 51821, "psrp": 51822, "ssh": 51823}
DNS = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host with both servers."""
    return make_host(str(QUICK), "--ssh", "--winrm", "full_chunks=true")


def test_ansible_core(controller) -> None:
    """Say which release this is; a wrong folder would prove the wrong one."""
    done = controller.run([str(controller.programs / "ansible-playbook"), "--version"])
    assert done.returncode == 0, done.stdout + done.stderr
    print("\n" + re.search(r"\[core .*\]", done.stdout)[0] + ", " + re.search(r"python version = \S+", done.stdout)[0])


@pytest.mark.parametrize("connection", PORTS)
def test_check_change_second_run_drift_verify_and_rollback(controller, host, tmp_path, connection: str) -> None:
    reached = inventory(host, tmp_path, connection)
    taken = list(PORTS.values())[: list(PORTS).index(connection) + 1]
    options = ["-e", f"reserve_ports_artifacts_dir={tmp_path}/artifacts"]
    options += ["-e", f'{{"reserve_ports_extra_ports": {taken}}}']

    def run(playbook: str, *more: str) -> int:
        done = controller.playbook(playbook, reached, *options, *more)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "DEPRECAT" not in done.stderr, done.stderr
        return done.stats[host.name]["changed"]

    def excluded() -> str:
        return host.exec(f"reg query {DNS} /v SocketPoolExcludedPortRanges")

    before = excluded()
    assert run(RESERVE, "--check", "--diff") > 0
    assert run(RESERVE, "--diff") > 0
    assert run(RESERVE) == 0, "the second run changes nothing"
    run(DRIFT)
    run(VERIFY)
    reserved = excluded()
    assert str(PORTS[connection]) in reserved
    assert run(ROLLBACK, "--check", "--diff") > 0
    assert excluded() == reserved
    assert run(ROLLBACK) > 0
    assert excluded() == before
