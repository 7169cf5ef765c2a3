# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that has no library but pywinrm works over winrm with NTLM; other hosts read what is missing."""

from __future__ import annotations

import pytest
import yaml
from over_each import QUICK

ABSENT = ("pypsrp", "gssapi", "krb5", "kerberos")
BLOCKER = f'''"""Stand in for an environment without some libraries."""
import sys


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Absent())
'''
TASK = "Gather"


@pytest.fixture(scope="module")
def host(make_host):
    """Start a lean host."""
    return make_host(str(QUICK))


@pytest.fixture
def blocked(tmp_path) -> dict[str, str]:
    """Return variables of the environment with which no Python can import the libraries."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER, encoding="ascii")
    return {"PYTHONPATH": str(tmp_path)}


@pytest.mark.parametrize("name", ABSENT)
def test_the_library_is_absent(controller, blocked, name: str) -> None:
    python = controller.programs / "python"
    done = controller.run([str(python), "-c", f"import {name}"], **blocked)
    assert done.returncode == 1 and f"No module named '{name}'" in done.stderr, done.stdout + done.stderr


def test_winrm_with_ntlm_works_and_every_other_host_reads_what_is_missing(controller, host, tmp_path, blocked) -> None:
    winrm, psrp = host.variables("winrm"), host.variables("psrp")
    hosts = {
        "ntlm": winrm,
        "kerberos": {**winrm, "ansible_winrm_transport": "kerberos"},
        "psrp": psrp,
        "psrp-kerberos": {**psrp, "ansible_psrp_auth": "kerberos"},
    }
    path = tmp_path / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    reserve = {"portkeeper.windows_dns.port_reservations": {"extra_ports": ["51821"]}}
    task = {"name": TASK, "check_mode": True, **reserve}
    run = controller.playbook([{"hosts": "all", "gather_facts": False, "tasks": [task]}], path, **blocked)
    assert run.returncode == 2, run.stdout + run.stderr
    result = run.result(TASK, "ntlm")
    assert result["_kind"] == "ok" and result["changed"] is True, result
    missing = {"kerberos": "pywinrm[kerberos]", "psrp": "pypsrp", "psrp-kerberos": "pypsrp"}
    for name, package in missing.items():
        result = run.result(TASK, name)
        assert result["_kind"] == "failed", result
        message = result["msg"]
        assert f"needs the Python package {package} on the controller" in message and "\n" not in message.strip()
        assert "No module named" in message and "pip install" in message


def test_winrm_with_ntlm_changes_a_host_and_finds_it_changed(controller, host, blocked) -> None:
    reserve = {"portkeeper.windows_dns.port_reservations": {"extra_ports": ["51821"]}}
    restart = {"name": "Restart", "portkeeper.windows_dns.dns_restart": {}}
    tasks = [{"name": "Change", **reserve}, restart, {"name": "Second run", **reserve}]
    run = controller.playbook([{"hosts": "all", "gather_facts": False, "tasks": tasks}], host.inventory, **blocked)
    assert run.returncode == 0, run.stdout + run.stderr
    assert [run.result(task["name"])["changed"] for task in tasks] == [True, True, False]
