# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""port_plan and plan_ports compute the same plan, and send nothing to the host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import SBS_LIST, conflict_facts

CHECKOUT = Path(__file__).resolve().parents[2]
NAMESPACE = CHECKOUT / ".cache" / "ns"

# 192.0.2.1 is reserved for documentation (RFC 5737): any attempt to connect would make the play fail.
INVENTORY = "client01 ansible_connection=winrm ansible_host=192.0.2.1 ansible_user=x ansible_password=x\n"


def test_the_module_and_the_filter_agree(tmp_path: Path) -> None:
    facts, written = tmp_path / "facts.json", tmp_path / "plans.json"
    facts.write_text(json.dumps(conflict_facts()), encoding="utf-8")
    (tmp_path / "inventory").write_text(INVENTORY, encoding="utf-8")
    play: list[dict[str, Any]] = [
        {
            "hosts": "client01",
            "gather_facts": False,
            "vars": {"found": f"{{{{ lookup('ansible.builtin.file', '{facts}') | from_json }}}}"},
            "tasks": [
                {
                    "portkeeper.windows_dns.port_plan": {"facts": "{{ found }}", "profiles": ["sbs2003"]},
                    "register": "planned",
                },
                {
                    "ansible.builtin.copy": {
                        "dest": str(written),
                        "mode": "0600",
                        "content": "{{ {'action': planned.plan, 'filter': found | portkeeper.windows_dns.plan_ports("
                        "{'profiles': ['sbs2003']})} | to_json }}",
                    },
                    "delegate_to": "localhost",
                    "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
                },
            ],
        }
    ]
    (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(NAMESPACE),
        "ANSIBLE_HOME": str(tmp_path / "home"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "inventory", "play.yml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    plans = json.loads(written.read_text(encoding="utf-8"))
    assert plans["action"]["settings"][0]["after"] == SBS_LIST
    assert plans["action"] == plans["filter"]
