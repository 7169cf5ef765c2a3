# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output of a host is never a template or an escape sequence, and mistyped options reach no host."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from checkout import CHECKOUT

PRODUCT = "{{ 7*7 }}{% if true %}yes{% endif %}"
SERVICE = "{{ 7-7 }}"
ROLE = "portkeeper.windows_dns.reserve_ports"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that is there once a template of the host's was rendered."""
    return tmp_path_factory.mktemp("proof") / "rendered"


@pytest.fixture(scope="module")
def entries(proof: Path) -> list[str]:
    """What the host has in its list of ports; a list with control characters is not read (test_damaged_sections)."""
    lookup = f"{{{{ lookup('pipe', 'touch {proof}') }}}}"
    return ["{{ 7*7 }}", "{% for x in [1] %}49{% endfor %}", lookup, "<b>1</b>", "1433 & del", "3343-3343"]


@pytest.fixture(scope="module")
def host(make_host, tmp_path_factory: pytest.TempPathFactory, entries: list[str]):
    """A host whose list of ports, service name and product are templates and escapes."""
    text = (CHECKOUT / "lab" / "scenarios" / "sbs2003.toml").read_text(encoding="utf-8")
    for old, new in (
        ('include = ["', f'include = ["{CHECKOUT}/lab/scenarios/'),
        ('"Microsoft Windows Server 2003"', json.dumps(PRODUCT)),
        ('ReservedPorts = ["3343-3343"]', f"ReservedPorts = {json.dumps(entries)}"),
    ):
        assert old in text
        text = text.replace(old, new)
    text += f'\n[services.{json.dumps(SERVICE)}]\ndisplay = "{{% raw %}}"\nstart = "auto"\ndepends = ["DNS"]\n'
    path = tmp_path_factory.mktemp("scenario") / "hostile.toml"
    path.write_text(text, encoding="utf-8")
    return make_host(str(path))


def debugged(name: str, template: str) -> dict[str, Any]:
    return {"name": name, "ansible.builtin.debug": {"msg": template}}


def test_templates_of_a_host_stay_text(controller, host, entries: list[str], proof: Path) -> None:
    """Registered, shown, set as a fact and templated a second and a third time: every text is as the host has it."""
    task = {"name": "Gather", "portkeeper.windows_dns.port_info": {}, "register": "found"}
    again = {"name": "Set", "ansible.builtin.set_fact": {"again": "{{ found.facts }}"}}
    data = "again.settings.reserved_ports.data"
    tasks = [
        task,
        debugged("Show", "{{ found.facts }}"),
        again,
        debugged("Show again", f"{{{{ {data} }}}}"),
        debugged("As text", f"<{{{{ {data} | first }}}}>"),
        debugged("Product", "{{ again.os.product }}"),
        {
            "name": "In a variable",
            "vars": {"inner": f"{{{{ {data}[2] }}}}", "outer": "{{ inner }}"},
            "ansible.builtin.debug": {"msg": "{{ outer }}"},
        },
    ]
    run = controller.playbook([{"hosts": "all", "gather_facts": False, "tasks": tasks}], host.inventory)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr
    facts = run.result("Gather")["facts"]
    assert facts["settings"]["reserved_ports"]["data"] == entries
    assert run.result("Show")["msg"] == facts
    assert run.result("Show again")["msg"] == entries
    assert run.result("As text")["msg"] == f"<{entries[0]}>"
    assert run.result("Product")["msg"] == facts["os"]["product"] == PRODUCT
    assert run.result("In a variable")["msg"] == entries[2]
    assert facts["dns"]["dependents"] == [SERVICE]
    assert not proof.exists()


def test_a_computer_name_stays_text(controller, tmp_path: Path, listener) -> None:
    """No lab host can be called so: the name is in a transcript that was carried by hand."""
    transcript = (CHECKOUT / "tests/unit/captures/transcript-sbs2003.txt").read_bytes()
    name = re.compile(rb"(begin computer_name\s*?\r?\n)[^\r\n]+")
    path = tmp_path / "carried.txt"
    path.write_bytes(name.sub(rb"\1{{7-7}}", transcript, count=1))
    plan = {
        "name": "Plan",
        "portkeeper.windows_dns.port_plan": {"transcript_path": str(path)},
        "register": "found",
    }
    tasks = [plan, debugged("Show", "<{{ found.msg }}>"), debugged("Name", "<{{ found.facts.computer_name }}>")]
    run = controller.playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": tasks}], inventory_of(listener[0], tmp_path)
    )
    assert run.result("Plan")["msg"].startswith("{{7-7}}: ")
    assert run.result("Show")["msg"] == f"<{run.result('Plan')['msg']}>"
    assert run.result("Name")["msg"] == "<{{7-7}}>"
    assert listener[1] == []


@pytest.mark.parametrize("module", ["port_info", "port_reservations", "port_verify", "dns_restart", "port_rollback"])
def test_what_a_host_says_is_shown_without_control_characters(controller, host, proof: Path, module: str) -> None:
    """As people see it: message, problems and diff of every module hold nothing that a terminal obeys."""
    task = {"name": "Look", f"portkeeper.windows_dns.{module}": {}}
    plays = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    run = controller.playbook(plays, host.inventory, "--check", "--diff")
    result = run.result("Look")
    assert not CONTROL.search(result["msg"])
    assert not any(CONTROL.search(problem["message"]) for problem in result["problems"])
    assert not any(CONTROL.search(text.replace("\n", "")) for text in (result.get("diff") or {}).values())
    assert not proof.exists()


def test_a_repair_writes_no_template(controller, host, entries: list[str], proof: Path) -> None:
    """The role on the hostile host: bad entries go, the backup has their exact bytes, nothing was rendered."""
    variables = json.dumps({"reserve_ports_repair": True, "reserve_ports_backup_dir": f"{proof.parent}/backups"})
    run = controller.playbook(ROLE, host.inventory, "-e", variables)
    result = next(iter(run.results["Reserve the ports that other services need"].values()))
    assert result["_kind"] == "ok", result["msg"]
    assert not CONTROL.search(result["msg"])
    rows = json.loads(Path(result["backup"]["path"]).read_text(encoding="utf-8"))["settings"]
    saved = bytes.fromhex(next(row for row in rows if row["setting"] == "reserved_ports")["hex"]).decode("utf-16-le")
    assert saved.rstrip("\0").split("\0") == entries
    assert "{{" not in host.exec(r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters /v ReservedPorts")
    assert not proof.exists()


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port, and a list of the connections that it got."""
    taken: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                taken.append(peer)
                connection.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], taken


def inventory_of(port: int, folder: Path) -> Path:
    host = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_user": "Administrator",
        "ansible_password": "Lab-Passw0rd",
    }
    path = folder / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {"client01": host}}}), encoding="utf-8")
    return path


HOSTILE_VARIABLES = {
    "profiles": ["sbs2003 & del"],
    "detect": "%PATH%",
    "extra_ports": ["1433 & del", "１４３３"],
    "ignore_services": ['a\\" & del'],
    "include_listeners": "^",
    "catalogue_extra": [{"name": "own", "services": ["a&b"], "ports": ["1-2"]}],
    "reserve_unexposed": [[1]],
    "socket_pool_size": 10**30,
    "allow_small_pool": "'",
    "dynamic_port_range": {"start": "50000 & del", "count": 10000},
    "prune": {"a": 1},
    "repair": "1\n2",
    "use_netsh": "maybe",
    "max_risk": "1 & del",
    "start_services": ["DNS\nx"],
    "restart_services": ["Netbird & del"],
    "reboot": "now & shutdown",
    "on_failure": "%x%",
    "backups_kept": "-1 & del",
    "artifacts_dir": "a\nb",
    "run_id": "../../elsewhere",
    "backup_dir": "a\x1bb",
    "command_timeout": "120 | x",
    "window_timeout": "300 & del",
    "reboot_timeout": "%PATH%",
}
FREE_TEXT = {"restart_group"}
"""A name on the controller: any text will do, and no command line holds it (see test_hostile_input.py)."""


def test_a_hostile_role_variable_contacts_no_host(controller, listener, tmp_path: Path) -> None:
    """Every variable of the role, one run each: it fails, and the host's port gets no connection."""
    port, taken = listener
    defaults = yaml.safe_load((CHECKOUT / "roles/reserve_ports/meta/argument_specs.yml").read_text(encoding="utf-8"))
    names = {name.removeprefix("reserve_ports_") for name in defaults["argument_specs"]["main"]["options"]}
    assert names == HOSTILE_VARIABLES.keys() | FREE_TEXT
    tasks = [
        {
            "name": f"Role with {name}",
            "vars": {f"reserve_ports_{name}": value},
            "block": [{"ansible.builtin.include_role": {"name": ROLE}, "name": f"Include {name}"}],
            "rescue": [debugged(f"Refused {name}", "{{ ansible_failed_result.msg | default('') }}")],
        }
        for name, value in HOSTILE_VARIABLES.items()
    ]
    run = controller.playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": tasks}], inventory_of(port, tmp_path), "-e", "artifacts_dir=x"
    )
    refused = {name for name in HOSTILE_VARIABLES if f"Refused {name}" in run.results}
    assert refused == HOSTILE_VARIABLES.keys(), run.stdout[-3000:] + run.stderr
    assert taken == []


def test_the_listener_counts(controller, listener, tmp_path: Path) -> None:
    """With good variables the same inventory does connect: the test above would see it."""
    port, taken = listener
    run = controller.playbook(ROLE, inventory_of(port, tmp_path))
    assert run.returncode == 4
    assert taken
