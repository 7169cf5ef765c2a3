# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin psrp on lab hosts, down to Server 2003, which has no PowerShell."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import yaml
from documented import documented
from full_cycle import run_full_cycle

WRONG = "not-the-Passw0rd"
HANDSHAKE = 3
"""Requests of an NTLM logon, refused or not."""


def over_psrp(inventory: Path, folder: Path, **variables: object) -> Path:
    """Write the inventory of a lab host with the documented variables of psrp in place of winrm's."""
    content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    ((name, host),) = content["all"]["hosts"].items()
    psrp = documented(host, ansible_connection="psrp", ansible_psrp_auth="ntlm", ansible_psrp_protocol="http")
    path = folder / "psrp.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {name: {**psrp, **variables}}}}), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["sbs2003", "2019-dc"])
def host(request, make_host, tmp_path_factory):
    """Start a host, reached over psrp."""
    started = make_host(request.param, "--winrm", "full_chunks=true")
    return replace(started, inventory=over_psrp(started.inventory, tmp_path_factory.mktemp("psrp")))


@pytest.fixture
def run(controller, host):
    """Give a function that runs one module with arguments and returns its result."""
    return partial(controller.module, host)


def test_check_change_second_run_drift_verify_rollback_and_reboot(run, host) -> None:
    run_full_cycle(run, host)


def test_no_shell_is_left_behind(run, host) -> None:
    assert run("port_info")["_kind"] == "ok"
    assert host.winrm(op="shells")["shells"] == []


@pytest.mark.parametrize("kind", ["unauthorized", "unavailable", "html", "xhtml", "quota_shells", "access_denied"])
def test_a_host_that_cannot_be_opened_is_unreachable(run, host, kind: str) -> None:
    host.winrm(op="reset_counters")
    host.winrm(op="fault", kind=kind, action="Create", times=0)
    result = run("port_info")
    host.winrm(op="clear_faults")
    assert result["_kind"] == "unreachable", result
    assert "(psrp, auth ntlm, user " in result["msg"] and "\n" not in result["msg"].strip()


def test_a_wrong_password_is_tried_once(controller, host, tmp_path) -> None:
    wrong = replace(host, inventory=over_psrp(host.inventory, tmp_path, ansible_password=WRONG))
    host.winrm(op="reset_counters")
    result = controller.module(wrong, "port_info")
    assert result["_kind"] == "unreachable" and "ansible_psrp_auth" in result["msg"]
    assert WRONG not in result["msg"]
    assert host.winrm(op="counters")["requests"] == HANDSHAKE


def test_a_receive_whose_answer_is_lost_is_not_repeated(run, host) -> None:
    host.winrm(op="reset_counters")
    host.winrm(op="fault", kind="cut_reply", action="Receive")
    result = run("port_info")
    host.winrm(op="clear_faults")
    assert result["_kind"] == "failed" and result["phase"] == "read"
    assert host.winrm(op="counters")["receives"] == 1
    assert host.winrm(op="shells")["shells"] == [], "it was deleted over another connection"
