# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/policy.md: the table of the policy's options, from POLICY_SPEC and the documentation fragment.

Usage: python scripts/generate_policy.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
TARGET = CHECKOUT / "docs" / "policy.md"

HEAD = """<!--
SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
SPDX-License-Identifier: GPL-3.0-or-later
Written by scripts/generate_policy.py; change plugins/module_utils/_policy.py and plugins/doc_fragments/policy.py.
-->
# The policy

What is wanted on a host is said by these options. A module takes those that concern it; the role takes them as
variables with the prefix `reserve_ports_`. An unknown option is refused.
"""
PARTS = (
    ("What decides the plan", "PLAN_SPEC", "DOCUMENTATION"),
    ("What decides how a run goes", "RUN_SPEC", "RUN"),
)
_MARKUP = (
    (re.compile(r"\bV\(([^)]*)\)"), r"`\1`"),
    (re.compile(r"\bO\(([^)]*)\)"), r"`\1`"),
    (re.compile(r"\bC\(([^)]*)\)"), r"`\1`"),
)


def _imported() -> tuple[Any, Any]:
    """The policy module and the fragment's class, from this checkout."""
    sys.path.insert(0, str(CHECKOUT / "tests"))
    import conftest  # noqa: F401, PLC0415 - makes the checkout importable
    from ansible_collections.portkeeper.windows_dns.plugins.doc_fragments.policy import (  # noqa: PLC0415
        ModuleDocFragment,
    )
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils import _policy  # noqa: PLC0415

    return _policy, ModuleDocFragment


def rendered(policy: Any, fragment: Any) -> str:  # noqa: ANN401 - a module and a class
    """The text of docs/policy.md.

    Args:
        policy: the module with the specs.
        fragment: the class with the descriptions.
    """
    lines = [HEAD]
    for title, spec_name, text_name in PARTS:
        spec: dict[str, dict[str, Any]] = getattr(policy, spec_name)
        described = yaml.safe_load(getattr(fragment, text_name))["options"]
        lines += [f"## {title}", "", *_table(spec, described), ""]
    rows = yaml.safe_load(fragment.DOCUMENTATION)["options"]["catalogue_extra"]["suboptions"]
    extra_spec = policy.PLAN_SPEC["catalogue_extra"]["options"]
    lines += ["## An entry of `catalogue_extra`", "", *_table(extra_spec, rows)]
    return "\n".join(lines) + "\n"


def _table(spec: dict[str, dict[str, Any]], described: dict[str, Any]) -> list[str]:
    lines = ["| option | type | default | meaning |", "|---|---|---|---|"]
    for name, row in spec.items():
        kind = f"list of {row['elements']}" if row["type"] == "list" else row["type"]
        if "choices" in row:
            kind += ": " + ", ".join(f"`{choice}`" for choice in row["choices"])
        default = "required" if row.get("required") else _shown(row.get("default"))
        lines.append(f"| `{name}` | {kind} | {default} | {_meaning(described[name]['description'])} |")
    return lines


def _shown(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list):
        return f"`[{', '.join(default)}]`"
    return f"`{default}`"


def _meaning(description: str | list[str]) -> str:
    text = description if isinstance(description, str) else " ".join(description)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the file, or with --check say whether it is up to date."""
    text = rendered(*_imported())
    if "--check" in arguments:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
