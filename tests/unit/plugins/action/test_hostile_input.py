# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No character of an option reaches a command line unchecked.

Every option of every SPEC gets every hostile text and value. It is refused before anything is sent; or it is one of the
options that name files, groups and runs on the controller, and then no command line holds any of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    fleet_gate,
    fleet_report,
    host_reboot,
    offline_kit,
    port_info,
    port_plan,
    port_reservations,
    port_rollback,
    port_verify,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import ALPHABET
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.action import Outcome
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    RUNNING,
    STOPPED,
    FakeHost,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ON_HOST = {
    "port_info": port_info,
    "port_reservations": port_reservations,
    "dns_restart": dns_restart,
    "port_verify": port_verify,
    "port_rollback": port_rollback,
    "host_reboot": host_reboot,
}
ON_CONTROLLER = {
    "port_plan": port_plan,
    "fleet_gate": fleet_gate,
    "fleet_report": fleet_report,
    "offline_kit": offline_kit,
}

MARK = "zq7x"
"""Stands in every hostile text: it must be in no command line."""
TEXTS = (
    f"1433 & del {MARK}",
    f"1433&&{MARK}",
    f"%{MARK}%",
    f"!{MARK}!",
    f"^{MARK}",
    f'"{MARK}',
    f"'{MARK}'",
    f"`{MARK}`",
    f"$({MARK})",
    f"1433|{MARK}",
    f"1433>{MARK}",
    f"<{MARK}",
    f"1433\n{MARK}",
    f"1433\r\n{MARK}",
    f"1433\x00{MARK}",
    f"1433\x1b[2J{MARK}",
    f"1433;{MARK}",
    f"1433,{MARK}",
    f"({MARK})",
    f"../../{MARK}",
    f"..\\..\\{MARK}",
    f"C:\\{MARK}\\..\\..",
    f"１４３３{MARK}",
    f"{MARK}\u202e",
    f"{MARK}\u00b2",
    "{{ " + MARK + " }}",
    "{% raw %}" + MARK,
    f"{MARK}" + "a" * 9000,
    f"-{MARK}",
    f"./{MARK} /s",
)
NUMBERS = ("１４３３", "1e9", "0x10", "-1", "1433 & del", "%PATH%", "^", '"', "1\n2", 10**30, -1, 2**64, 1e400, "٣")
SHAPES = ([["x"]], {"a": {"b": 1}}, [{"name": {"x": 1}}], [None, [1]], [True])

FREE_TEXT = frozenset(("restart_group", "artifacts_dir", "run_id", "backup_dir", "backup"))
"""Options that name things on the controller; no command line holds them."""
LOCAL_NAMES = frozenset(("start_services", "restart_services", "catalogue_extra"))
"""Options that are compared with what the host says: of a key that the host does not list nothing is sent."""
KEY = re.compile(r"[A-Za-z0-9_.$ -]{1,80}")


def hostile_values(name: str, row: Mapping[str, Any]) -> Iterator[object]:
    """Yield what an option of this kind gets."""
    kind, inner = row["type"], row.get("options")
    if kind == "dict" and inner:
        good_range: dict[str, Any] = {"start": 50000, "count": 10000}
        for part in inner:
            yield from ({**good_range, part: [text] if inner[part]["type"] == "list" else text} for text in TEXTS)
            yield from ({**good_range, part: number} for number in (*NUMBERS[1:12], *SHAPES))
        yield from ({"ipv4": {"start": text, "count": 255}} for text in TEXTS)
        yield from SHAPES
    elif inner:
        good = {"name": "own", "services": ["Own"], "ports": ["5000"]}
        for part in inner:
            for text in TEXTS:
                listed = inner[part]["type"] == "list"
                yield [{**good, part: [text] if listed else text}]
        yield from SHAPES
    elif kind == "list":
        yield from ([text] for text in TEXTS)
        yield from SHAPES
    elif kind in ("int", "float"):
        yield from (*TEXTS[:20], *NUMBERS, *SHAPES)
    elif kind == "bool":
        yield from (*TEXTS, 2, -1, *SHAPES)
    else:
        yield from TEXTS


CASES = [(module, option) for module, action in ON_HOST.items() for option in action.ActionModule.SPEC]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "far" / "down"  # what leads upwards stays in the test's own folder
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)


@pytest.mark.parametrize(("module", "option"), CASES)
def test_no_option_reaches_a_command_line(module: str, option: str, tmp_path: Path) -> None:
    action = ON_HOST[module]
    tried = 0
    for value in hostile_values(option, action.ActionModule.SPEC[option]):
        host = FakeHost()
        options = {option: value}
        if option == "run_id":
            options["artifacts_dir"] = str(tmp_path / "artifacts")
        tried += 1
        try:
            result = run_task(action, FakeWire(host), options, check=module == "host_reboot")
        except AnsibleError as error:
            assert "Traceback" not in str(error)
            assert host.lines == [], f"refused after something was sent: {value!r}"
            continue
        assert is_harmless(option, value), value
        assert all(MARK not in line for line in host.lines), value
        assert all(set(line) <= ALPHABET for line in host.lines), value
        assert re.search(r"[\x00-\x1f\x7f-\x9f]", result["msg"]) is None
    assert tried >= 5


PLACES: dict[str, Callable[[FakeHost, str], None]] = {
    "entries": lambda host, text: setattr(host, "reserved", [text, "3343-3343"]),
    "dependent": lambda host, text: (
        host.services.update({text: Service(RUNNING, 1999)}),
        host.dependents.append(text),
    )[1],
    "service": lambda host, text: host.services.update({text: Service(STOPPED, 0, 10048)}),
    "lock": lambda host, text: setattr(host, "locks", [text]),
    "record": lambda host, text: host.state.update({"dns_window": {"value": text, "dns_pid": text, "boot_mark": text}}),
}
"""Where a host may say something, and how the host in memory is made to say it."""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("module", ["port_reservations", "dns_restart", "port_verify", "host_reboot"])
def test_nothing_that_a_host_says_reaches_a_command_line(module: str, place: str) -> None:
    """Real runs with what lets them write: the host's texts are in no command line and steer no terminal."""
    own = {"port_reservations": {"repair": True}, "dns_restart": {"force": True}}.get(module, {})
    for text in TEXTS[:-3]:
        host = FakeHost()
        PLACES[place](host, text)
        try:
            result = run_task(ON_HOST[module], FakeWire(host), dict(own))
        except AnsibleError as error:
            result = {"msg": str(error)}
        assert host.lines
        spoken = [line for line in host.lines if MARK in line]
        assert not spoken or KEY.fullmatch(text), spoken
        assert all(set(line) <= ALPHABET for line in host.lines)
        assert re.search(r"[\x00-\x1f\x7f-\x9f]", result["msg"]) is None


@pytest.mark.parametrize(
    ("module", "option"), [(name, option) for name, made in ON_CONTROLLER.items() for option in made.ActionModule.SPEC]
)
def test_what_contacts_no_host_refuses_in_its_own_words(module: str, option: str, tmp_path: Path) -> None:
    action = ON_CONTROLLER[module]
    own: dict[str, Any] = {
        "port_plan": {"transcript": "x"},
        "fleet_gate": {"artifacts_dir": str(tmp_path)},
        "fleet_report": {"artifacts_dir": [str(tmp_path)], "show": False},
        "offline_kit": {"client": "client01", "dest": str(tmp_path)},
    }[module]
    if option in ("facts", "transcript_path"):
        own = {}
    for value in (*hostile_values(option, action.ActionModule.SPEC[option]), {"format": 1, "os": {"family": "nt5"}}):
        host = FakeHost()
        try:
            result = run_task(action, FakeWire(host), {**own, option: value})
        except AnsibleError:
            result = {"msg": ""}
        assert host.lines == []
        assert re.search(r"[\x00-\x1f\x7f-\x9f]", result["msg"]) is None


def is_harmless(option: str, value: Any) -> bool:
    """Return what may be accepted: a name for the controller, a service key of the narrow alphabet, a title, a number.

    What Ansible makes a number of is sent, if at all, in ASCII digits: the alphabet proves it.
    """
    if option == "catalogue_extra":
        return all(KEY.fullmatch(key) for row in value for key in row["services"])
    if option in LOCAL_NAMES:
        return all(KEY.fullmatch(str(key)) for key in value)
    if option == "ignore_services":  # any name that Windows allows: it is compared, and never sent
        return all(re.search(r"[\x00-\x1f\x7f-\x9f/\\]", str(name)) is None for name in value)
    return option in FREE_TEXT or (isinstance(value, str) and value.isdecimal())


def test_every_action_is_in_one_of_the_tables() -> None:
    folder = Path(port_info.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == ON_HOST.keys() | ON_CONTROLLER.keys()


def test_a_message_never_holds_a_control_character() -> None:
    assert Outcome(changed=False, msg="a\x1b[2J\x9b\u202e").result()["msg"] == "a?[2J??"


def test_there_are_enough_attempts_and_every_option_has_some() -> None:
    made = {
        (module, option): sum(1 for _value in hostile_values(option, action.ActionModule.SPEC[option]))
        for module, action in (ON_HOST | ON_CONTROLLER).items()
        for option in action.ActionModule.SPEC
    }
    assert all(count >= 5 for count in made.values())
    assert {option for _module, option in made} >= {*port_reservations.ActionModule.SPEC, "backup", "force"}
    assert sum(made.values()) >= 200, sum(made.values())
