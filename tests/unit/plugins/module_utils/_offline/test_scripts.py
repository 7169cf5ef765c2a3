# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apply.cmd, rollback.cmd and their data files are rendered from a plan."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import ALPHABET, BatchError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import ExclusionToAdd, Window
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import script as window_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.apply import apply_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.data_files import data_bytes
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.order import (
    OrderError,
    ScriptPlan,
    plan_scripts,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.rollback import rollback_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import Section, Transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    read_reg,
)

RUN = "0123456789abcdef"
MACHINE = "0123456789abcdef0123456789abcdef"
OWN = r"HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper"
TCPIP = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
PORTS = st.sets(st.integers(1, 65535), max_size=150).map(lambda ports: PortSet.from_ports(ports).to_json())
LISTS = PORTS.filter(lambda found: isinstance(found, list))


def facts(name: str | None = "SBS01", nt: str = "5.2") -> dict[str, Any]:
    return {
        "computer_name": name,
        "os": {"nt": nt},
        "dns": {"installed": True, "state": 4, "dependents": ["Follows", "Sleeps"]},
        "services": {
            "DNS": {"state": 4, "start": 2},
            "FOLLOWS": {"state": 4, "start": 2},
            "Sleeps": {"state": 1, "start": 2},
        },
    }


def entry(before: Any, after: Any, type_before: str | None = "REG_MULTI_SZ") -> dict[str, Any]:
    return {
        "id": "reserved_ports",
        "type_before": None if before is None else type_before,
        "before": before,
        "after": after,
    }


def order(
    before: Any = None, after: Any = ("1645-1646",), actions: Any = (), nt: str = "5.2", text: str = ""
) -> ScriptPlan:
    plan = {"settings": [entry(before, list(after))], "actions": list(actions)}
    return plan_scripts(facts(nt=nt), plan, Transcript(RUN, {"tcpip": Section(text, 0)}))


def window(**more: Any) -> dict[str, Any]:
    return {"action": "dns_window", "services_to_start": ["PolicyAgent"], "deferred_exclusions": [], **more}


def shown_bytes(lines: list[str], label: str) -> list[str]:
    """Return what the subroutine of that name prints."""
    printed: list[str] = []
    for line in lines[lines.index(f":{label}") + 1 :]:
        if line == "exit /b 0":
            return printed
        listed = re.fullmatch(r"for %%b in \((.*)\) do echo %%b", line)
        printed += listed[1].split() if listed else [line.removeprefix("echo ")]
    raise AssertionError(label)


@given(LISTS, LISTS, st.sampled_from(["5.0", "5.2"]))
def test_scripts_and_data_say_the_same_bytes_and_keep_to_the_limits(before: Any, after: Any, nt: str) -> None:
    made = order(before or None, after, [window()], nt)
    dialect = DIALECT_4 if nt == "5.0" else DIALECT_5
    for script in (apply_script(made, RUN), rollback_script(made, RUN)):
        assert max(map(len, script)) <= 2047
        assert all(set(line) <= ALPHABET for line in script)
        for label, which in (("after0", "apply"), ("before0", "rollback")):
            content = data_bytes(made, which, MACHINE)
            found = read_reg(content)
            assert found.dialect == dialect
            assert content.startswith(b"\xff\xfe" if dialect == DIALECT_5 else b"REGEDIT4\r\n")
            assert list(found.values(TCPIP) or ()) in ([], ["ReservedPorts"])
            printed = shown_bytes(script, label)
            entries = after if which == "apply" else before
            if which == "rollback" and not before:
                assert b'"=-' in content.replace(b"\0", b"") and printed == ["absent"]
                continue
            value = found.get(TCPIP, "ReservedPorts")
            assert value is not None
            assert printed == ["hex(7)", *(f"{byte:02x}" for byte in value[1])]
            assert value[1].decode("utf-16-le") == "".join(f"{text}\0" for text in entries) + "\0"


def test_the_data_removes_our_records_and_holds_no_other_key() -> None:
    text = data_bytes(order(["3343-3343"]), "rollback", MACHINE).decode("utf-16")
    keys = re.findall(r"^\[.*\]", text, re.MULTILINE)
    assert keys == [r"[-HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper\state\reserved_ports]", f"[{TCPIP}]"]


def test_the_first_write_gives_the_machine_an_id_and_no_other_write_does() -> None:
    unwritten = facts() | {"machine": {"id": None, "recorded_name": None}, "state": {"present": False, "settings": {}}}
    known = {**unwritten, "machine": {"id": MACHINE, "recorded_name": "SBS01"}, "state": {"present": True}}
    copied = {**known, "machine": {"id": MACHINE, "recorded_name": "OLD"}}
    plan = {"settings": [entry(None, ["1-1"])], "actions": []}
    rename = {
        "settings": [{"id": "state", "before": {"computer_name": "OLD"}, "after": {"computer_name": "SBS01"}}],
        "actions": [],
    }
    for found, due, written in ((unwritten, plan, True), (known, plan, False), (copied, rename, True)):
        made = plan_scripts(found, due, Transcript(RUN, {}))
        assert made, "a copied id alone is a reason for a script"
        data = read_reg(data_bytes(made, "apply", MACHINE))
        values = {name: value[1].decode("utf-16-le") for name, value in (data.values(OWN) or {}).items() if value}
        assert values == ({"machine_id": f"{MACHINE}\0", "computer_name": "SBS01\0"} if written else {})
        assert read_reg(data_bytes(made, "rollback", MACHINE)).values(OWN) is None
        assert ('call :import "%data%"' in apply_script(made, RUN)) is True


def test_bytes_of_registry_file_text_are_taken_as_they_are() -> None:
    odd = "REGEDIT4\n\n[" + TCPIP + ']\n"ReservedPorts"=hex(7):33,2d,33,00\n'
    (value,) = order(["3-3"], text=odd).values
    assert value.before == (7, "3-3\0".encode("utf-16-le"))
    (value,) = order(["3-3"]).values
    assert value.before == (7, "3-3\0\0".encode("utf-16-le"))


@pytest.mark.parametrize("name", [None, "", "A&B", "SIXTEEN-LETTERS-", "A_B", "A B", "%X%"])
def test_only_a_computer_name_gets_in(name: str | None) -> None:
    with pytest.raises(OrderError):
        plan_scripts(facts(name), {"settings": [entry(None, ["1-1"])], "actions": []}, Transcript(RUN, {}))


@pytest.mark.parametrize("before", [["3-3", "\u00e9"], ["", "3-3"], ["3-3\n"]])
def test_bytes_that_are_not_known_are_refused(before: list[str]) -> None:
    with pytest.raises(OrderError):
        order(before)
    with pytest.raises(OrderError):
        plan_scripts(facts(), {"settings": [entry("3-3", ["3-3"], "REG_SZ")], "actions": []}, Transcript(RUN, {}))


@pytest.mark.parametrize("name", ['x"&calc&"', "a%PATH%", "x^y"])
def test_only_service_keys_get_in(name: str) -> None:
    with pytest.raises(BatchError):
        order(actions=[window(services_to_start=[name])])


def test_only_what_ran_and_depends_on_dns_is_started_after_it() -> None:
    script = apply_script(order(actions=[window()]), RUN)
    begin = script.index(":dns_runs")
    assert 'call :up "Follows"' in script[begin : script.index(":no_dns")]
    assert not [line for line in script if "Sleeps" in line]
    stop = script.index("net.exe stop DNS /y >nul 2>nul")
    assert stop < script.index('call :up "PolicyAgent"', stop) < script.index("net.exe start DNS >nul 2>nul") < begin


def test_nothing_is_stopped_before_it_was_looked_at_and_recorded() -> None:
    script = apply_script(order(actions=[window()]), RUN)
    stop = script.index("net.exe stop DNS /y >nul 2>nul")
    before = script[:stop]
    assert [line for line in before if 'CurrentControlSet\\Services\\DNS"' in line and "reg.exe query" in line]
    assert [line for line in before if "CurrentControlSet\\Services\\Follows" in line and "reg.exe query" in line]
    assert "call :ran <nul >nul 2>nul" in before
    assert "goto refused" in before[-1] and "ran_before" in before[-1]
    record = script[script.index(":ran") :]
    assert [line for line in record if '/v value /t REG_SZ /d "DNS,Follows" /f' in line]
    assert ":ran" not in apply_script(order(), RUN)


def test_both_windows_are_made_of_the_same_lines() -> None:
    """Where a service is looked at, DNS's process is waited for and DNS is started, only names of files differ."""
    tables = {"excluded_udp4": ("7-7",)}
    carried = apply_script(replace(order(actions=[window()]), deferred=tables), RUN)
    exclusion = ExclusionToAdd("excluded_udp4", "7-7")
    remote = window_script(Window(RUN, f"1-{RUN}", ("PolicyAgent",), ("Follows",), (exclusion,), 480, 1, 1484))
    for line in remote[remote.index("set n=0") : remote.index("goto prove")]:
        shared = line.replace("1484", "%p%").replace(r">>%w%\log 2>&1", " >nul 2>nul")
        shared = shared.replace(r"%w%\tasks", '"%w%\\tasks.txt"')
        own = line.startswith((r">>%w%\steps", "netsh.exe", "call :", "set s=", "set e="))
        assert own or shared in carried, line


def test_what_is_disabled_gets_no_window() -> None:
    plan = {"settings": [entry(None, ["1-1"])], "actions": [window()]}
    for name in ("DNS", "Follows"):
        found = facts()
        found["services"][name if name == "DNS" else "FOLLOWS"]["start"] = 4
        with pytest.raises(OrderError, match=f"(?i){name} is disabled .Start 4., and nothing is stopped"):
            plan_scripts(found, plan, Transcript(RUN, {}))


def test_what_an_earlier_window_left_stays_on_record() -> None:
    record = {"ran_before": {"value": "DNS,Sleeps", "boot_mark": "AB", "dns_pid": None}}
    found = {**facts(), "state": {"present": True, "settings": record}}
    made = plan_scripts(found, {"settings": [], "actions": [window()]}, Transcript(RUN, {}))
    assert made.owed == ("Sleeps",)
    assert [line for line in apply_script(made, RUN) if '/d "DNS,Follows,Sleeps" /f' in line]


def test_what_an_earlier_window_left_down_is_started_behind_dns() -> None:
    start = {"action": "start_services", "services_to_start": ["Sleeps"], "reason": ""}
    made = plan_scripts(facts(), {"settings": [], "actions": [window(), start]}, Transcript(RUN, {}))
    assert (made.services_to_start, made.dependents) == (("PolicyAgent",), ("Follows", "Sleeps"))
    alone = plan_scripts(facts(), {"settings": [], "actions": [start]}, Transcript(RUN, {}))
    assert (alone.services_to_start, alone.dependents, alone.window) == (("Sleeps",), (), False)


def test_a_record_that_only_has_to_end_makes_no_scripts() -> None:
    ends = {"action": "end_record", "reason": ""}
    assert not plan_scripts(facts(), {"settings": [], "actions": [ends]}, Transcript(RUN, {}))


def test_what_depends_on_dns_must_be_known_for_a_window() -> None:
    unknown = {**facts(), "dns": {"dependents": None}}
    plan = {"settings": [entry(None, ["1-1"])], "actions": [window()]}
    with pytest.raises(OrderError):
        plan_scripts(unknown, plan, Transcript(RUN, {}))
    assert plan_scripts(unknown, {**plan, "actions": []}, Transcript(RUN, {})).dependents == ()


def test_without_a_window_dns_is_not_touched() -> None:
    for script in (apply_script(order(), RUN), rollback_script(order(actions=[window()]), RUN)):
        assert not [line for line in script if "net.exe stop" in line or "start DNS" in line]


def test_a_value_that_is_written_is_checked_first_and_compared_afterwards() -> None:
    script = apply_script(order(), RUN)
    written = script.index('call :import "%data%"')
    assert script.index("if errorlevel 1 goto changed") < written
    assert script.index('if /i not "%COMPUTERNAME%"=="SBS01" goto wrong') < written
    assert "call :same after" in script[written : script.index(":imported")]
    assert script.index("call :record <nul >nul 2>nul") > script.index(":imported")


def test_exclusions_are_made_by_number_and_undone() -> None:
    tables = {"excluded_udp4": ("51820-51821",)}
    both = replace(order(actions=[window()]), values=(), added=tables, deferred={"excluded_udp6": ("7-7",)})
    add = "excludedportrange protocol=udp startport=51820 numberofports=2 store=persistent >nul 2>nul"
    assert f"netsh.exe interface ipv4 add {add}" in apply_script(both, RUN)
    undone = rollback_script(both, RUN)
    assert f"netsh.exe interface ipv4 delete {add}" in undone
    assert [line for line in undone if line.startswith("netsh.exe interface ipv6 delete") and "startport=7 " in line]


def test_windows_2000_gets_no_scripts_for_a_record_alone() -> None:
    plan = {"settings": [{"id": "state", "after": {"reserved_ports": "3-3"}}], "actions": []}
    assert plan_scripts(facts(), plan, Transcript(RUN, {})).records
    with pytest.raises(OrderError):
        plan_scripts(facts(nt="5.0"), plan, Transcript(RUN, {}))


def test_a_plan_with_nothing_to_do_is_no_order() -> None:
    assert not plan_scripts(facts(), {"settings": [], "actions": [{"action": "reboot"}]}, Transcript(RUN, {}))
    assert order()
