# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what the role says about its variables, from the policy's one table: argument specs, defaults, README.

Usage: python scripts/generate_role.py [--check]
"""

from __future__ import annotations

import re
import sys
from typing import Any

import yaml
from generate_policy import _imported, _table

from checkout import CHECKOUT

ROLE = CHECKOUT / "roles" / "reserve_ports"
PREFIX = "reserve_ports_"
OPTIONS = (
    "profiles",
    "detect",
    "extra_ports",
    "ignore_services",
    "include_listeners",
    "catalogue_extra",
    "reserve_unexposed",
    "socket_pool_size",
    "allow_small_pool",
    "prune",
    "repair",
    "use_netsh",
    "max_risk",
    "start_services",
    "reboot",
    "on_failure",
    "restart_group",
    "backups_kept",
    "artifacts_dir",
    "run_id",
    "backup_dir",
    "command_timeout",
    "window_timeout",
    "reboot_timeout",
)
"""The policy's options that the role takes, in the order of its documentation."""

SOURCE_NOTE = "Written by scripts/generate_role.py from the policy's table and its documentation fragment."
YAML_HEAD = f"""# SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# {SOURCE_NOTE}
---
"""
README_HEAD = f"""<!--
SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
SPDX-License-Identifier: GPL-3.0-or-later
{SOURCE_NOTE}
-->
# portkeeper.windows_dns.reserve_ports

Reserves the ports that other services need, restarts DNS in a guarded window where a service is down because DNS holds
its port, and verifies that IPsec and the other services are up. One task contacts the host when nothing is to be done;
restart, reboot and verification are handlers, which run in this order after all settings are written. A server is
rebooted only with `reserve_ports_reboot: if_required`, and only if what is written waits for it. Hosts of one
`reserve_ports_restart_group` restart DNS and reboot one at a time; after a failure none of the others is touched. A
group must be in one play and one batch.

With `--check` it changes nothing and does not fail on a host whose services are down: it says what it would do.

```yaml
- name: Reserve ports on the client servers
  hosts: clients
  gather_facts: false
  roles:
    - role: portkeeper.windows_dns.reserve_ports
      vars:
        reserve_ports_profiles: [sbs2003]
```

After the run `reserve_ports_result` holds what `portkeeper.windows_dns.port_reservations` returned, among it
`reboot_required`.

"""


class _Indented(yaml.SafeDumper):
    """Indents the entries of lists, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _dumped(content: Any) -> str:  # noqa: ANN401 - anything that YAML can hold
    return YAML_HEAD + yaml.dump(content, Dumper=_Indented, sort_keys=False, width=115, allow_unicode=True)


def _descriptions(fragment: Any) -> dict[str, Any]:  # noqa: ANN401 - a class
    parts = (fragment.DOCUMENTATION, fragment.RUN)
    return {name: row for part in parts for name, row in yaml.safe_load(part)["options"].items()}


def rendered() -> dict[str, str]:
    """Return the content of each generated file by its name below the role."""
    policy, fragment = _imported()
    described = _descriptions(fragment)
    defaults = {
        PREFIX + name: policy.POLICY_SPEC[name]["default"]
        for name in OPTIONS
        if policy.POLICY_SPEC[name].get("default") is not None
    }
    options = {PREFIX + name: _argument(_with_prefix(described[name])) for name in OPTIONS}
    main_spec = {
        "short_description": "Keep the DNS socket pool off the ports that other services need",
        "description": [
            "Reserves the ports, restarts DNS in a guarded window where a service is down because DNS holds its port,"
            " and verifies that IPsec and the other services are up."
        ],
        "author": ["portkeeper.windows_dns contributors"],
        "options": options,
    }
    spec = {name: policy.POLICY_SPEC[name] for name in OPTIONS}
    table = [line.replace("| `", f"| `{PREFIX}", 1) for line in _table(spec, _with_prefix(described))]
    return {
        "defaults/main.yml": _dumped(defaults),
        "meta/argument_specs.yml": _dumped({"argument_specs": {"main": main_spec}}),
        "README.md": README_HEAD + "\n".join(table) + "\n",
    }


def _with_prefix(described: Any) -> Any:  # noqa: ANN401 - anything that YAML can hold
    """Point the references to other options at the role's variables."""
    if isinstance(described, dict):
        return {key: _with_prefix(value) for key, value in described.items()}
    if isinstance(described, list):
        return [_with_prefix(value) for value in described]
    return re.sub(r"\bO\(", f"O({PREFIX}", described) if isinstance(described, str) else described


def _argument(row: dict[str, Any]) -> dict[str, Any]:
    """Turn an option's documentation into an argument spec; sub-options are called ``options`` there."""
    argument = {key: value for key, value in row.items() if key != "suboptions"}
    if "suboptions" in row:
        argument["options"] = {name: _argument(option) for name, option in row["suboptions"].items()}
    return argument


def main(arguments: list[str]) -> int:
    """Write the files, or with --check name those that are not up to date."""
    stale = {name: text for name, text in rendered().items() if (ROLE / name).read_text(encoding="utf-8") != text}
    if "--check" in arguments:
        print("\n".join(f"not up to date: roles/reserve_ports/{name}" for name in stale))
        return 1 if stale else 0
    for name, text in stale.items():
        (ROLE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
