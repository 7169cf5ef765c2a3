# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of a task, checked further than Ansible does, before anything is sent or written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import POLICY_SPEC
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import usable_path

LONGEST_WAIT_S = 86_400
"""What an action's own timeout may be at most."""


def checked_options(action: ActionBase, spec: Mapping[str, Mapping[str, Any]], **rules: object) -> dict[str, Any]:
    """The arguments of the task, of the types that the spec names.

    Args:
        action: the task's action plugin.
        spec: its argument spec. Whole numbers that are not the policy's are seconds.
        **rules: further rules for Ansible's own check, for example `required_one_of`.

    Raises:
        AnsibleError: one of them is not what it must be.
    """
    try:
        _checked, options = action.validate_argument_spec(argument_spec=spec, **rules)
    except ArithmeticError as error:
        # Ansible itself does not expect an infinite number.
        raise AnsibleError(f"An option holds a number that is none: {error}.") from None
    for name, row in spec.items():
        value = options.get(name)
        if "path" in (row["type"], row.get("elements")):
            for path in value if isinstance(value, list) else [value] if value else []:
                usable_path(name, path)
        if row["type"] == "int" and name not in POLICY_SPEC and not 0 <= value <= LONGEST_WAIT_S:
            raise AnsibleError(f"{name} must lie between 0 and {LONGEST_WAIT_S}, not be {value}.")
    checked: dict[str, Any] = options
    return checked
