# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validate the arguments of a task more strictly than Ansible does, before anything is sent or written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.mod_args import ModuleArgsParser
from ansible.plugins.action import ActionBase

from ...module_utils._policy import POLICY_SPEC
from .._files import usable_path
from .._fleet.host_policy import VARIABLES_PREFIX

LONGEST_WAIT_S = 86_400
"""What an action's own timeout may be at most."""

OTHER_VARIABLES = ("accepted_risks", "rebooted", "restarted", "result")
"""Names that have the role's prefix and are no options of a module: for the gate, and what the role registers."""

_KNOWN = (*POLICY_SPEC, *OTHER_VARIABLES)

_MISTYPED = 2
"""Number of edits up to which a name is treated as a mistyped option."""

_LONG_PREFIX = 9
"""Shortest length of a prefix for which a mistyped prefix can be distinguished from another name."""

_PREFIX_RE = re.compile(r"[a-z][a-z0-9_]{0,79}_")


def checked_options(
    action: ActionBase,
    spec: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, Any] | None = None,
    **rules: object,
) -> dict[str, Any]:
    """Return the arguments of the task, with the types of the spec.

    Args:
        action: the task's action plugin.
        spec: its argument spec. Whole numbers that are not the policy's are seconds.
        variables: of the task, for an action whose spec has VARIABLES_PREFIX.
        **rules: additional rules for Ansible's own check, for example `required_one_of`.

    Raises:
        AnsibleError: an argument is not valid.
    """
    if VARIABLES_PREFIX in spec:
        action._task.args = {**action._task.args, **_from_variables(action, spec, variables or {})}
    try:
        _checked, options = action.validate_argument_spec(argument_spec=spec, **rules)
    except ArithmeticError as error:
        # Ansible itself does not expect an infinite number.
        raise AnsibleError(f"An option is not a finite number: {error}.") from None
    except TypeError as error:
        # Nor a number in place of a mapping inside an option.
        raise AnsibleError(f"A part of an option has the wrong type: {error}.") from None
    for name, row in spec.items():
        value = options.get(name)
        if "path" in (row["type"], row.get("elements")):
            for path in value if isinstance(value, list) else [value] if value else []:
                usable_path(name, path)
        if row["type"] == "int" and name not in POLICY_SPEC and not 0 <= value <= LONGEST_WAIT_S:
            raise AnsibleError(f"{name} must be between 0 and {LONGEST_WAIT_S}, not {value}.")
    checked: dict[str, Any] = options
    return checked


def _from_variables(
    action: ActionBase, spec: Mapping[str, Mapping[str, Any]], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the policy options that the task does not set and that have a variable with the prefix, rendered.

    Options that are not part of the policy, such as `force`, must be set in the task.

    One argument per option costs a template each, compiled again in each worker process: half a millisecond, twenty
    times per host. A variable that holds no template costs nothing.

    Raises:
        AnsibleError: the prefix is not valid, or a variable cannot be rendered, comes from facts or is mistyped.
    """
    prefix = action._task.args.get(VARIABLES_PREFIX)
    if prefix is None:
        return {}
    if not isinstance(prefix, str) or not _PREFIX_RE.fullmatch(prefix):
        raise AnsibleError(
            f"{VARIABLES_PREFIX} must be the beginning of a variable's name and end with an underscore, for example"
            " reserve_ports_."
        )
    _check_names(action, prefix, variables)
    given = _explicit(action) | {VARIABLES_PREFIX}
    found = {
        name: variables[f"{prefix}{name}"]
        for name in set(spec) & set(POLICY_SPEC) - given
        if f"{prefix}{name}" in variables
    }
    # What is omitted is left out of a rendered mapping by ansible-core from 2.19 on, and has a mark before.
    rendered = action._templar.template(found)
    return {name: value for name, value in rendered.items() if value != variables.get("omit")}


def _check_names(action: ActionBase, prefix: str, variables: Mapping[str, Any]) -> None:
    """Refuse variables that look like mistyped or forbidden options; warn of other names with the prefix.

    Raises:
        AnsibleError: a name is among the host's facts, or is one or two letters away from an option or its prefix.
    """
    facts = variables.get("ansible_facts")
    of_facts = sorted(name for name in facts or () if isinstance(name, str) and name.startswith(prefix))
    if of_facts:
        raise AnsibleError(
            f"{of_facts[0]} is among the facts of {variables.get('inventory_hostname')}: a host must not set its own"
            " policy. Clear the fact cache (meta: clear_facts), and set the variable in the inventory, in the play, or"
            " with set_fact without cacheable."
        )
    names = (name for name in variables if isinstance(name, str))
    for variable in sorted(name for name in names if name.startswith(prefix) or name.endswith(_KNOWN)):
        if not variable.startswith(prefix):
            _refuse_mistyped_prefix(variable, prefix)
            continue
        name = variable[len(prefix) :]
        if name in _KNOWN:
            continue
        nearest = min(_KNOWN, key=lambda known: _edits(name, known))
        if _edits(name, nearest) <= _MISTYPED:
            raise AnsibleError(f"{variable} is not an option: did you mean {prefix}{nearest}?")
        action._display.warning(f"{variable} is not an option of the policy and has no effect.")


def _refuse_mistyped_prefix(variable: str, prefix: str) -> None:
    """Refuse a variable that is an option behind a mistyped prefix.

    Raises:
        AnsibleError: it is.
    """
    if len(prefix) < _LONG_PREFIX:
        return
    for name in _KNOWN:
        if variable.endswith(name) and _edits(variable[: -len(name)], prefix) <= _MISTYPED:
            raise AnsibleError(f"{variable} is not an option: did you mean {prefix}{name}?")


def _edits(one: str, other: str) -> int:
    """Return the number of letters to add, remove or replace to turn one word into the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for line, letter in enumerate(one, 1):
        before, row[0] = row[0], line
        for column, wanted in enumerate(other, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (letter != wanted))
    return row[-1]


def _explicit(action: ActionBase) -> set[str]:
    """Return the options that the task itself sets. Ansible has merged `module_defaults` into its arguments.

    They are read from the task as it was written. If that does not show them, because all of its arguments come from a
    variable, an option is treated as set unless it has the value of a default for this module or one of its groups.
    """
    arguments = action._task.args
    written = getattr(action._task, "_ds", None)
    if isinstance(written, Mapping):
        _action, given, _delegate = ModuleArgsParser(written).parse(skip_action_validation=True)
        if "_variable_params" not in given:
            return set(given)
    defaults = _defaults(action)
    return {name for name, value in arguments.items() if name not in defaults or defaults[name] != value}


def _defaults(action: ActionBase) -> dict[str, Any]:
    """Return what `module_defaults` sets for this module, by its name or a group. As in Ansible, the last one wins."""
    found: dict[str, Any] = {}
    for modules in getattr(action._task, "module_defaults", None) or []:
        for name, options in modules.items():
            ours = name == action._task.action or name.startswith("group/portkeeper.windows_dns.")
            found.update(options if ours and isinstance(options, Mapping) else {})
    return found
