# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's options from variables equal those that separate arguments would give."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action import ActionBase
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.action import spec
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.options import checked_options

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 renders every text

    def trust_as_template(value: str) -> str:  # type: ignore[misc]
        return value


class _Action(ActionBase):  # type: ignore[misc]
    """Has options and does nothing."""

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Nobody calls it."""
        return {}


def options(
    variables: dict[str, Any],
    defaults: dict[str, Any] | None = None,
    own: dict[str, dict[str, Any]] | None = None,
    written: dict[str, Any] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    merged = {**(defaults or {}), **arguments}
    task = SimpleNamespace(
        args=merged,
        async_val=0,
        action="x",
        environment=None,
        module_defaults=[{"x": defaults or {}, "y": "{{ z }}", "ansible.builtin.uri": {"command_timeout": 5}}],
        _ds={"name": "a task", "register": "found", **(written or {"x": arguments})},
    )
    templar = Templar(loader=DataLoader(), variables=variables)
    action = _Action(task, None, None, None, templar, None)
    return checked_options(action, spec("run_id", "window_timeout", **(own or {})), variables)


def test_a_variable_is_the_option_of_its_name() -> None:
    variables = {
        "own_extra_ports": ["5060"],
        "own_prune": trust_as_template("{{ wanted }}"),
        "wanted": True,
        "own_run_id": trust_as_template("night-{{ wanted | int }}"),
        "own_window_timeout": "90",
        "own_restart_group": "not an option of this spec",
        "detect": False,
    }
    found = options(variables, variables_prefix="own_")
    assert (found["extra_ports"], found["prune"], found["run_id"]) == (["5060"], True, "night-1")
    assert found["window_timeout"] == 90, "as the type that the spec names"
    assert found["detect"] is True, "a variable without the prefix is nobody's option"


def test_only_the_policy_comes_out_of_variables() -> None:
    own = {"force": {"type": "bool", "default": False}}
    assert options({"own_force": True}, own=own, variables_prefix="own_")["force"] is False


def test_what_the_task_says_wins() -> None:
    assert options({"own_run_id": "other"}, variables_prefix="own_", run_id="this")["run_id"] == "this"


def test_a_variable_wins_over_module_defaults() -> None:
    """As an argument of the role's task would; a host's own policy must not lose against the play's."""
    found = options({"own_run_id": "mine"}, {"run_id": "of all", "detect": False}, variables_prefix="own_")
    assert (found["run_id"], found["detect"]) == ("mine", False)


@pytest.mark.parametrize("default", [{}, {"command_timeout": 900}, {"command_timeout": 5}])
def test_what_the_task_says_wins_whatever_the_defaults_say(default: dict[str, Any]) -> None:
    """Those of another module have nothing to do with it; those of its own may even say the same."""
    found = options({"own_command_timeout": 120}, default, variables_prefix="own_", command_timeout=900)
    assert found["command_timeout"] == 900


@pytest.mark.parametrize(("default", "said"), [({}, 5), ({"command_timeout": 60}, 5), ({"command_timeout": 5}, 900)])
def test_what_a_variable_with_all_arguments_says_wins_too(default: dict[str, Any], said: int) -> None:
    """The task as it was written names no option then, so only a default of this very module can be told from one."""
    written = {"x": None, "args": "{{ all_of_them }}"}
    found = options({"own_command_timeout": 120}, default, None, written, variables_prefix="own_", command_timeout=said)
    assert found["command_timeout"] == said
    found = options({"own_run_id": "mine"}, {"run_id": "of all"}, None, written, variables_prefix="own_")
    assert found["run_id"] == "mine", "a default is not what the task says"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("extra_port", "extra_ports"), ("exra_prts", "extra_ports"), ("profile", "profiles"), ("run-id", "run_id")],
)
def test_a_mistyped_variable_is_refused_with_the_name_that_was_meant(variable: str, meant: str) -> None:
    with pytest.raises(AnsibleError, match=f"own_{variable} is not an option: did you mean own_{meant}[?]"):
        options({f"own_{variable}": ["50600"]}, variables_prefix="own_")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("reserve_port_extra_ports", "extra_ports"),
        ("reserved_ports_max_risk", "max_risk"),
        ("resreve_ports_profiles", "profiles"),
        ("reserve-ports-detect", "detect"),
        ("reserve_portsprune", "prune"),
    ],
)
def test_a_mistyped_prefix_is_refused_with_the_name_that_was_meant(variable: str, meant: str) -> None:
    with pytest.raises(AnsibleError, match=f"{variable} is not an option: did you mean reserve_ports_{meant}[?]"):
        options({variable: ["50600"]}, variables_prefix="reserve_ports_")


@pytest.mark.parametrize("prefix", ["own_", "reserve_ports_"])
@pytest.mark.parametrize("variable", ["extra_ports", "on_detect", "our_reserve_ports_prune", "reserve_ports", "reboot"])
def test_other_variables_are_nobodys_business(variable: str, prefix: str) -> None:
    assert options({variable: True, f"{prefix}run_id": "x"}, variables_prefix=prefix)["run_id"] == "x"


@pytest.mark.parametrize("variable", ["owner", "extra_tcp_ports", "force"])
def test_another_name_with_the_prefix_is_warned_of(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, message, *_args, **_options: told.append(message))
    options({f"own_{variable}": True, "own_accepted_risks": [], "other_x": 1}, variables_prefix="own_")
    assert told == [f"own_{variable} is not an option of the policy and has no effect."]


@pytest.mark.parametrize("name", ["own_artifacts_dir", "own_accepted_risks"])
def test_a_host_has_no_say_in_its_policy(name: str) -> None:
    """Facts become variables; set_fact and include_vars make variables that are no facts."""
    variables = {"inventory_hostname": "client01", name: "elsewhere", "ansible_facts": {name: "elsewhere"}}
    with pytest.raises(AnsibleError, match=f"{name} is among the facts of client01"):
        options(variables, variables_prefix="own_")
    assert options({"own_run_id": "x", "ansible_facts": {"fqdn": "a"}}, variables_prefix="own_")["run_id"] == "x"


def test_without_a_prefix_no_variable_counts() -> None:
    assert options({"reserve_ports_run_id": "other"})["run_id"] is None


def test_an_omitted_variable_is_not_given() -> None:
    variables = {"own_profiles": trust_as_template("{{ nobody | default(omit) }}"), "omit": "__omit_place_holder__x"}
    assert options(variables, variables_prefix="own_")["profiles"] == ["auto"]


@pytest.mark.parametrize("prefix", ["", "own", "Own_", "own _", "_", "{{ x }}_", ["own_"], 7, "a" * 81 + "_"])
def test_a_prefix_that_is_none_is_refused(prefix: object) -> None:
    with pytest.raises(AnsibleError, match="variables_prefix"):
        options({}, variables_prefix=prefix)


UNUSABLE = {"undefined": trust_as_template("{{ nobody }}"), "broken": trust_as_template("{{ 1 +"), "type": {"a": 1}}


@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_variable_that_cannot_be_used_fails(value: object) -> None:
    with pytest.raises(AnsibleError):
        options({"own_prune": value}, variables_prefix="own_")
