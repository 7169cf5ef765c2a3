# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kerberos with a KDC, which is known by its name only: the case of the only domain controller.

The check `kerberos` runs this file, in an environment that has Kerberos' libraries.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from documented import documented
from only_dns import only_dns
from same_artifacts import assert_equal, task
from whole_cycle import inventory, play, run_cycle, slow_window

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import (
    REFUSED_PAUSES_S,
    Session,
)
from portkeeper_lab.control import ask_once
from portkeeper_lab.inventory import CONNECTIONS

NAME = "dc2019.portkeeper.test"
WRONG = "not-the-Passw0rd"
READ = play({"name": "Read", "portkeeper.windows_dns.port_info": {}})
LOGON = {"winrm": "ansible_winrm_transport", "psrp": "ansible_psrp_auth"}
LOGONS = ("ntlm", "kerberos")
OVERRIDE = {
    "winrm": "ansible_winrm_kerberos_hostname_override",
    "psrp": "ansible_psrp_negotiate_hostname_override",
}
PORTS = {"winrm": 51824, "psrp": 51825}
PLUGINS = pytest.mark.parametrize("plugin", ["winrm", "psrp"])


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host with a realm."""
    started = make_host("2019-dc", "--kerberos", "--ssh", "--winrm", "full_chunks=true")
    slow_window(started)
    return started


def variables(host: Any, plugin: str, **changes: Any) -> dict[str, Any]:
    """Return the documented inventory's variables with the host's name, and the lab's own krb5.conf for kinit."""
    lab = {**CONNECTIONS[plugin](ask_once(host.name, {"op": "info"}), False), "ansible_host": NAME}
    found = documented(lab, ansible_connection=plugin, **{LOGON[plugin]: "kerberos"})
    return {**found, **({"ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"]} if plugin == "winrm" else {}), **changes}


def answers(host: Any) -> Counter[str]:
    """Return how often the KDC answered in which way."""
    return Counter(ask_once(host.name, {"op": "kerberos"})["answer"])


@pytest.fixture
def inside(controller, host, tmp_path):
    """Give a controller that finds the KDC, too, with the help of the host's DNS only, and that name server."""
    configuration = tmp_path / "krb5.conf"
    facts = ask_once(host.name, {"op": "info"})["kerberos"]
    text = Path(facts["configuration"]).read_text(encoding="ascii")
    configuration.write_text(text.replace("kdc = 127.0.0.1:", f"kdc = {NAME}:"), encoding="ascii")
    cache = f"FILE:{tmp_path / 'tickets'}"
    with only_dns(host, NAME, controller) as (names, reached):
        settings = ("env", f"KRB5_CONFIG={configuration}", f"KRB5CCNAME={cache}")
        yield names, replace(reached, enter=(*settings, *reached.enter))


def get_ticket(controller: Any, host: Any) -> None:
    """Log on as a user does who leaves the password out of the inventory."""
    facts = ask_once(host.name, {"op": "info"})
    command = [*controller.enter, "kinit", facts["kerberos"]["principal"]]
    subprocess.run(command, input=f"{facts['password']}\n", text=True, check=True, capture_output=True)


def over_ssh(host: Any) -> dict[str, Any]:
    """Return the documented inventory's variables for ssh, without a shared connection."""
    lab = CONNECTIONS["ssh"](ask_once(host.name, {"op": "info"}), False)
    found = documented(lab, ansible_connection="ssh")
    return {**found, "ansible_shell_type": lab["ansible_shell_type"], "ansible_ssh_args": ""}


def test_facts_and_plan_are_the_same_as_over_ntlm_and_ssh(host, inside, tmp_path) -> None:
    """The host is untouched: this is the first test on it. test_same_over_every_connection.py has the other ways."""
    _names, controller = inside
    get_ticket(controller, host)
    local = ask_once(host.name, {"op": "info"})["user"]
    hosts = {
        f"{plugin}-{logon}": {
            **variables(host, plugin, **({"ansible_user": local} if logon == "ntlm" else {})),
            "ansible_password": ask_once(host.name, {"op": "info"})["password"],
            LOGON[plugin]: logon,
        }
        for plugin in LOGON
        for logon in LOGONS
    }
    hosts["ssh-key"] = over_ssh(host)
    reached = tmp_path / "inventory.yml"
    reached.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")
    done = controller.playbook(play(task("untouched", tmp_path, check_mode=True)), reached, "--forks=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_equal(tmp_path / "untouched", list(hosts))


@PLUGINS
def test_check_change_window_and_second_run(host, inside, tmp_path, plugin: str) -> None:
    names, controller = inside
    if plugin == "psrp":
        get_ticket(controller, host)
    reached = inventory(tmp_path / "inventory.yml", "dc2019", **variables(host, plugin))
    run_cycle(controller, names, host, reached, PORTS[plugin])


@PLUGINS
def test_messages_over_http_are_sealed_and_a_wrong_password_is_tried_once(host, inside, tmp_path, plugin: str) -> None:
    _names, controller = inside
    password = ask_once(host.name, {"op": "info"})["password"]
    right = inventory(tmp_path / "right.yml", "dc2019", **variables(host, plugin, ansible_password=password))
    done = controller.playbook(READ, right)
    assert done.result("Read")["_kind"] == "ok", "the host takes no message over HTTP that is not sealed"
    before = answers(host)
    wrong = inventory(tmp_path / "wrong.yml", "dc2019", **variables(host, plugin, ansible_password=WRONG))
    done = controller.playbook(READ, wrong, "-vvvvv")
    result = done.result("Read")
    assert result["_kind"] == "unreachable", result
    assert "got no logon from Kerberos" in result["msg"] and LOGON[plugin] in result["msg"], result["msg"]
    assert "\n" not in result["msg"].strip() and WRONG not in done.stdout + done.stderr
    assert (answers(host) - before)["AS_REQ PREAUTH_FAILED"] == 1


@PLUGINS
def test_a_service_of_another_name_is_named_by_the_override(controller, host, tmp_path, plugin: str) -> None:
    """The inventory has an address, as where no name server knows the host; the ticket is for the name."""
    facts = ask_once(host.name, {"op": "info"})
    settings = {"KRB5_CONFIG": facts["kerberos"]["configuration"]}
    by_address = variables(host, plugin, ansible_host="127.0.0.1", ansible_password=facts["password"])
    done = controller.playbook(READ, inventory(tmp_path / "without.yml", "dc2019", **by_address), **settings)
    assert done.result("Read")["_kind"] == "unreachable", "nobody has a ticket for an address"
    named = {**by_address, OVERRIDE[plugin]: NAME}
    done = controller.playbook(READ, inventory(tmp_path / "with.yml", "dc2019", **named), **settings)
    assert done.result("Read")["_kind"] == "ok", done.result("Read")["msg"]


def test_negotiate_counts_a_wrong_password_twice(controller, host, tmp_path) -> None:
    """As the documentation warns: after the KDC's refusal the library tries NTLM with the same password."""
    facts = ask_once(host.name, {"op": "info"})
    before = answers(host)
    wrong = variables(host, "psrp", ansible_host="127.0.0.1", ansible_password=WRONG, ansible_psrp_auth="negotiate")
    reached = inventory(tmp_path / "inventory.yml", "dc2019", **{**wrong, OVERRIDE["psrp"]: NAME})
    settings = {"KRB5_CONFIG": facts["kerberos"]["configuration"]}
    result = controller.playbook(READ, reached, **settings).result("Read")
    assert result["_kind"] == "unreachable"
    assert "rejected the credentials" in result["msg"], "the host's own answer to NTLM"
    assert (answers(host) - before)["AS_REQ PREAUTH_FAILED"] == 1


@contextmanager
def another_password(host: Any) -> Iterator[None]:
    """Somebody changes the administrator's password at the KDC, and afterwards back."""
    facts = ask_once(host.name, {"op": "info"})
    folder = Path(facts["kerberos"]["configuration"]).parent
    environment = {"KRB5_CONFIG": str(folder / "server.conf"), "KRB5_KDC_PROFILE": str(folder / "kdc.conf")}

    def change(password: str) -> None:
        command = ["/usr/sbin/kadmin.local", "cpw", "-pw", password, facts["kerberos"]["principal"]]
        subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)

    change(WRONG)
    try:
        yield
    finally:
        change(facts["password"])


@PLUGINS
def test_a_password_that_is_changed_meanwhile_locks_no_account(host, monkeypatch, plugin: str) -> None:
    """As a task does that waits for a boot, without its pauses: over winrm its ticket lasts, pypsrp gets new ones."""
    facts = ask_once(host.name, {"op": "info"})
    monkeypatch.setenv("KRB5_CONFIG", facts["kerberos"]["configuration"])
    monkeypatch.setenv("KRB5CCNAME", "MEMORY:nobody")
    lab = variables(host, plugin, ansible_host="127.0.0.1", ansible_password=facts["password"])
    lab[OVERRIDE[plugin]] = NAME
    made = connection_loader.get(plugin, PlayContext())
    made.set_options(var_options={**lab, "_extras": lab if plugin == "winrm" else {}})
    session = Session(made)
    session.run("ver", phase="read", timeout=60)
    before = answers(host)
    with another_password(host):
        pauses: list[float | None] = []
        for _attempt in range(len(REFUSED_PAUSES_S) + 1):
            session.reconnect()
            try:
                session.run("ver", phase="read", timeout=60)
                pauses.append(0)
            except HostFailure as error:
                assert "got no logon from Kerberos" in str(error)
                pauses.append(session.pause_before_retry(5))
        session.close()
    asked = (answers(host) - before)["AS_REQ PREAUTH_FAILED"]
    if plugin == "winrm":
        assert pauses == [0, 0, 0] and asked == 0
    else:
        assert pauses == [*REFUSED_PAUSES_S, None] and asked == len(pauses)


@PLUGINS
def test_without_a_password_and_a_ticket_the_sentence_says_what_to_check(host, inside, tmp_path, plugin: str) -> None:
    _names, controller = inside
    given = {name: value for name, value in variables(host, plugin).items() if name != "ansible_password"}
    done = controller.playbook(READ, inventory(tmp_path / "inventory.yml", "dc2019", **given), "-vvvvv")
    result = done.result("Read")
    assert result["_kind"] == "unreachable"
    assert "got no logon from Kerberos" in result["msg"] and "krb5.conf" in result["msg"], result["msg"]
    assert "\n" not in result["msg"].strip()


@pytest.fixture(scope="module")
def old(make_host):
    """Start a Server 2003 with a realm that knows no type of encryption newer than RC4."""
    return make_host("sbs2003", "--kerberos")


@PLUGINS
def test_a_domain_of_server_2003_and_a_controller_without_rc4(controller, old, tmp_path, plugin: str) -> None:
    """As Red Hat's policy has it: the KDC and this controller have no type of encryption in common."""
    facts = ask_once(old.name, {"op": "info"})
    configuration = tmp_path / "krb5.conf"
    text = Path(facts["kerberos"]["configuration"]).read_text(encoding="ascii")
    only_aes = "[libdefaults]\n    permitted_enctypes = aes256-cts aes128-cts"
    configuration.write_text(text.replace("[libdefaults]", only_aes), encoding="ascii")
    given = variables(old, plugin, ansible_host="127.0.0.1", ansible_password=facts["password"])
    given[OVERRIDE[plugin]] = facts["kerberos"]["host"]
    reached = inventory(tmp_path / "inventory.yml", "sbs2003", **given)
    result = controller.playbook(READ, reached, KRB5_CONFIG=str(configuration)).result("Read")
    assert result["_kind"] == "unreachable"
    assert "got no logon from Kerberos" in result["msg"] and "encryption type" in result["msg"], result["msg"]
    assert LOGON[plugin] in result["msg"] and "\n" not in result["msg"].strip()
