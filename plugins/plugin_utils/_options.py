# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of a task, checked further than Ansible does, before anything is sent or written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import POLICY_SPEC
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import usable_path

LONGEST_WAIT_S = 86_400
"""What an action's own timeout may be at most."""

VARIABLES_PREFIX = "variables_prefix"
"""The option that lets a task take its other options from variables."""

_PREFIX_RE = re.compile(r"[a-z][a-z0-9_]{0,79}_")


def checked_options(
    action: ActionBase,
    spec: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, Any] | None = None,
    **rules: object,
) -> dict[str, Any]:
    """The arguments of the task, of the types that the spec names.

    Args:
        action: the task's action plugin.
        spec: its argument spec. Whole numbers that are not the policy's are seconds.
        variables: of the task, for an action whose spec has VARIABLES_PREFIX.
        **rules: further rules for Ansible's own check, for example `required_one_of`.

    Raises:
        AnsibleError: one of them is not what it must be.
    """
    if VARIABLES_PREFIX in spec:
        action._task.args = {**action._task.args, **_from_variables(action, spec, variables or {})}
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


def _from_variables(
    action: ActionBase, spec: Mapping[str, Mapping[str, Any]], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Options of the policy that the task itself does not give and that have a variable with the prefix, rendered.

    What is not of the policy, such as `force`, a task must say itself.

    One argument per option costs a template each, compiled anew in each worker process: half a millisecond, twenty
    times per host. A variable that holds no template costs nothing.

    Raises:
        AnsibleError: the prefix is none, or a variable cannot be rendered.
    """
    prefix = action._task.args.get(VARIABLES_PREFIX)
    if prefix is None:
        return {}
    if not isinstance(prefix, str) or not _PREFIX_RE.fullmatch(prefix):
        raise AnsibleError(
            f"{VARIABLES_PREFIX} must be the beginning of a variable's name and end with an underscore, for example"
            " reserve_ports_."
        )
    given = set(action._task.args) - _defaulted(action) | {VARIABLES_PREFIX}
    found = {
        name: variables[f"{prefix}{name}"]
        for name in set(spec) & set(POLICY_SPEC) - given
        if f"{prefix}{name}" in variables
    }
    # What is omitted is left out of a rendered mapping by ansible-core from 2.19 on, and has a mark before.
    rendered = action._templar.template(found)
    return {name: value for name, value in rendered.items() if value != variables.get("omit")}


def _defaulted(action: ActionBase) -> set[str]:
    """Options that `module_defaults` sets, for whatever module: Ansible has merged them with the task's own arguments.

    A role's variable must win over them, as it does when a task passes it as an argument.
    """
    defaults = getattr(action._task, "module_defaults", None) or []
    values = [options for modules in defaults for options in modules.values() if isinstance(options, Mapping)]
    return {option for options in values for option in options}
