# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the files that are derived from the tables of catalogue, policy, settings, readers and package borders.

docs/catalogue.md, docs/policy.md, the role's README, defaults and argument specs, parts of two schemas, and the picture
of the packages; the text around the tables is in scripts/templates.

Usage: python scripts/generate.py [--check]
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import package_picture
from schema_parts import facts_schema, plan_schema, rendered

CHECKOUT = Path(__file__).resolve().parents[1]
TEMPLATES = CHECKOUT / "scripts" / "templates"

PREFIX = "reserve_ports_"
ROLE_OPTIONS = (
    "profiles",
    "detect",
    "extra_ports",
    "ignore_services",
    "include_listeners",
    "catalogue_extra",
    "reserve_unexposed",
    "socket_pool_size",
    "allow_small_pool",
    "dynamic_port_range",
    "prune",
    "repair",
    "use_netsh",
    "max_risk",
    "start_services",
    "restart_services",
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

WINDOWS = {(True, True): "all", (True, False): "2000 to 2003", (False, True): "Vista and later"}
"""What a row is for, by whether it names the family of NT5 and that of Vista and later."""
PROTOCOLS = {"udp": "UDP", "tcp": "TCP", "both": "UDP and TCP"}
HOLDERS = {"service_pid": "its process", "system": "System (PID 4)", "any_but_dns": "any process but DNS"}
DEFAULT_POOL = (49152, 65535)
"""Where the pool is drawn from if nobody changed the range (KB929851, KB953230)."""
_ANY_KEY = re.compile(r"\[[^\]]*\]\{\d+,\d+\}")
_CODE = re.compile(r"\b[VOC]\(([^)]*)\)")
"""Ansible's markup for values, options and code."""


def documents() -> dict[str, str]:
    """Return the text of each generated file, by its path in the checkout."""
    catalogue, policy, fragment = _imported()
    plan, run = (yaml.safe_load(text)["options"] for text in (fragment.DOCUMENTATION, fragment.RUN))
    role = {PREFIX + name: _with_prefix((plan | run)[name]) for name in ROLE_OPTIONS}
    role_spec = {PREFIX + name: policy.POLICY_SPEC[name] for name in ROLE_OPTIONS}
    defaults = {name: row["default"] for name, row in role_spec.items() if row.get("default") is not None}
    entry_spec, entry = policy.PLAN_SPEC["catalogue_extra"]["options"], plan["catalogue_extra"]["suboptions"]
    arguments = {name: _argument(row) for name, row in role.items()}
    return {
        "docs/catalogue.md": _render("catalogue.md", rows=catalogue.CATALOGUE, profiles=catalogue.PROFILE_SOURCES),
        "docs/policy.md": _render(
            "policy.md",
            plan=_options(policy.PLAN_SPEC, plan),
            run=_options(policy.RUN_SPEC, run),
            entry=_options(entry_spec, entry),
        ),
        "roles/reserve_ports/README.md": _render("role_readme.md", options=_options(role_spec, role)),
        "roles/reserve_ports/defaults/main.yml": _render("role_defaults.yml", defaults=defaults),
        "roles/reserve_ports/meta/argument_specs.yml": _render("role_argument_specs.yml", options=arguments),
        "docs/images/packages.svg": _render("packages.svg", **package_picture.picture()),
        **_schemas(),
    }


def _schemas() -> dict[str, str]:
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import facts, readers  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows import settings  # noqa: PLC0415

    names = {name: f"plugins/plugin_utils/schemas/{name}.schema.json" for name in ("facts", "plan")}
    base = {name: json.loads((CHECKOUT / path).read_text(encoding="utf-8")) for name, path in names.items()}
    rows = [*settings.MECHANISMS.values(), settings.NO_MECHANISM]
    made = {
        "facts": facts_schema(base["facts"], facts.parse_transcript(b""), readers.READERS, settings.SETTINGS),
        "plan": plan_schema(
            base["plan"], settings.SETTINGS, settings.NETSH, settings.RANGES, [row.name for row in rows]
        ),
    }
    return {path: rendered(made[name]) for name, path in names.items()}


def _imported() -> tuple[Any, Any, Any]:
    """Return the modules of catalogue and policy and the class with the policy's documentation, from this checkout."""
    sys.path.insert(0, str(TEMPLATES.parents[1] / "tests"))
    import conftest  # noqa: F401, PLC0415 - makes the checkout importable
    from ansible_collections.portkeeper.windows_dns.plugins.doc_fragments.policy import ModuleDocFragment  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils import _policy  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue import sbs2003  # noqa: PLC0415

    return sbs2003, _policy, ModuleDocFragment


def _options(spec: dict[str, dict[str, Any]], described: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the table of options shows of each: its spec, and its description as one text."""
    return [{"name": name, "description": described[name]["description"], **row} for name, row in spec.items()]


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


class _Indented(yaml.SafeDumper):
    """Indents the entries of lists, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _as_yaml(content: Any) -> str:  # noqa: ANN401 - anything that YAML can hold
    return yaml.dump(content, Dumper=_Indented, sort_keys=False, width=115, allow_unicode=True)


def _windows(families: tuple[str, ...]) -> str:
    return WINDOWS["nt5" in families, "nt6" in families]


def _patterns(row: Any) -> list[str]:  # noqa: ANN401 - a row of the catalogue
    """Return the patterns of a row's keys as people write them."""
    return [_ANY_KEY.sub("*", pattern).replace("\\", "") for pattern in row.service_patterns]


def _hit(row: Any) -> str:  # noqa: ANN401 - a row of the catalogue
    """Return under which range the pool can take a port of a row."""
    if not (row.ports and row.uses_udp):
        return "never"
    low, high = DEFAULT_POOL
    inside = [low <= first and last <= high for first, last in row.ports.ranges]
    return "default range" if all(inside) else "partly in the default range" if any(inside) else "lowered range"


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


def _meaning(description: str | list[str]) -> str:
    text = description if isinstance(description, str) else " ".join(description)
    return " ".join(_CODE.sub(r"`\1`", text).split())


def _render(template: str, **values: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": lambda text: text.replace("|", "\\|"),
        "code": lambda names: [f"`{name}`" for name in names],
        "default_value": _default,
        "hit": _hit,
        "holder": HOLDERS.__getitem__,
        "meaning": _meaning,
        "patterns": _patterns,
        "protocol": PROTOCOLS.__getitem__,
        "windows": _windows,
        "on": lambda types: ", domain controllers" if "LanmanNT" in types else "",
        "yaml": _as_yaml,
    }
    return environment.get_template(f"{template}.j2").render(**values)


def _present(name: str) -> str | None:
    path = CHECKOUT / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str]) -> int:
    """Write the files, or with --check name those that are not up to date."""
    stale = {name: text for name, text in documents().items() if _present(name) != text}
    if "--check" in arguments:
        print("".join(f"not up to date: {name}\n" for name in stale), end="")
        return 1 if stale else 0
    for name, text in stale.items():
        (CHECKOUT / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
