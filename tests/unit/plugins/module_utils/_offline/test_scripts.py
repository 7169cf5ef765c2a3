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
    Value,
    plan_scripts,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.rollback import rollback_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import Section, Transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.changes import (
    Action,
    Change,
    Work,
    change_records,
    change_value,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    read_reg,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import SETTINGS

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


def entry(before: Any, after: Any, type_before: str = "REG_MULTI_SZ") -> Change:
    found = {"type": None if before is None else type_before, "data": before}
    return change_value(SETTINGS["reserved_ports"], found, after, "")


def order(
    before: Any = None, after: Any = ("1645-1646",), actions: Any = (), nt: str = "5.2", text: str = ""
) -> ScriptPlan:
    plan = Work((entry(before, list(after)),), tuple(actions))
    return plan_scripts(facts(nt=nt), plan, Transcript(RUN, {"tcpip": Section(text, 0)}))


def window(*services_to_start: str) -> Action:
    return Action("dns_window", "", services_to_start or ("PolicyAgent",), {})


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
    plan = Work((entry(None, ["1-1"]),), ())
    rename = Work((change_records({"computer_name": "OLD"}, {"computer_name": "SBS01"}, ""),), ())
    for found, due, written in ((unwritten, plan, True), (known, plan, False), (copied, rename, True)):
        made = plan_scripts(found, due, Transcript(RUN, {}))
        assert made, "a copied id alone is a reason for a script"
        data = read_reg(data_bytes(made, "apply", MACHINE))
        values = {name: value[1].decode("utf-16-le") for name, value in (data.values(OWN) or {}).items() if value}
        assert values == ({"machine_id": f"{MACHINE}\0", "computer_name": "SBS01\0"} if written else {})
        assert read_reg(data_bytes(made, "rollback", MACHINE)).values(OWN) is None
        assert ('set "r=%data%"' in apply_script(made, RUN)) is True


def test_bytes_of_registry_file_text_are_taken_as_they_are() -> None:
    odd = "REGEDIT4\n\n[" + TCPIP + ']\n"ReservedPorts"=hex(7):33,2d,33,00\n'
    (value,) = order(["3-3"], text=odd).values
    assert value.before == (7, "3-3\0".encode("utf-16-le"))
    (value,) = order(["3-3"]).values
    assert value.before == (7, "3-3\0\0".encode("utf-16-le"))


@pytest.mark.parametrize("name", [None, "", "A&B", "SIXTEEN-LETTERS-", "A_B", "A B", "%X%"])
def test_only_a_computer_name_gets_in(name: str | None) -> None:
    with pytest.raises(OrderError):
        plan_scripts(facts(name), Work((entry(None, ["1-1"]),), ()), Transcript(RUN, {}))


@pytest.mark.parametrize("before", [["3-3", "\u00e9"], ["", "3-3"], ["3-3\n"]])
def test_bytes_that_are_not_known_are_refused(before: list[str]) -> None:
    with pytest.raises(OrderError):
        order(before)
    with pytest.raises(OrderError):
        plan_scripts(facts(), Work((entry("3-3", ["3-3"], "REG_SZ"),), ()), Transcript(RUN, {}))


@pytest.mark.parametrize("name", ['x"&calc&"', "a%PATH%", "x^y"])
def test_only_service_keys_get_in(name: str) -> None:
    with pytest.raises(BatchError):
        order(actions=[window(name)])


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
    plan = Work((entry(None, ["1-1"]),), (window(),))
    for name in ("DNS", "Follows"):
        found = facts()
        found["services"][name if name == "DNS" else "FOLLOWS"]["start"] = 4
        with pytest.raises(OrderError, match=f"(?i){name} is disabled .Start 4., and nothing is stopped"):
            plan_scripts(found, plan, Transcript(RUN, {}))


def test_what_an_earlier_window_left_stays_on_record() -> None:
    record = {"ran_before": {"value": "DNS,Sleeps", "boot_mark": "AB", "dns_pid": None}}
    found = {**facts(), "state": {"present": True, "settings": record}}
    made = plan_scripts(found, Work((), (window(),)), Transcript(RUN, {}))
    assert made.owed == ("Sleeps",)
    assert [line for line in apply_script(made, RUN) if '/d "DNS,Follows,Sleeps" /f' in line]


def test_what_an_earlier_window_left_down_is_started_behind_dns() -> None:
    start = Action("start_services", "", ("Sleeps",))
    made = plan_scripts(facts(), Work((), (window(), start)), Transcript(RUN, {}))
    assert (made.services_to_start, made.dependents) == (("PolicyAgent",), ("Follows", "Sleeps"))
    alone = plan_scripts(facts(), Work((), (start,)), Transcript(RUN, {}))
    assert (alone.services_to_start, alone.dependents, alone.window) == (("Sleeps",), (), False)


def test_a_record_that_only_has_to_end_makes_no_scripts() -> None:
    assert not plan_scripts(facts(), Work((), (Action("end_record", ""),)), Transcript(RUN, {}))


def test_what_depends_on_dns_must_be_known_for_a_window() -> None:
    unknown = {**facts(), "dns": {"dependents": None}}
    plan = Work((entry(None, ["1-1"]),), (window(),))
    with pytest.raises(OrderError):
        plan_scripts(unknown, plan, Transcript(RUN, {}))
    assert plan_scripts(unknown, replace(plan, actions=()), Transcript(RUN, {})).dependents == ()


def test_without_a_window_dns_is_not_touched() -> None:
    for script in (apply_script(order(), RUN), rollback_script(order(actions=[window()]), RUN)):
        assert not [line for line in script if "net.exe stop" in line or "start DNS" in line]


def test_a_value_that_is_written_is_checked_first_and_compared_afterwards() -> None:
    script = apply_script(order(), RUN)
    written = script.index('set "r=%data%"')
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


def last_words(order: ScriptPlan) -> list[str]:
    """Return the lines of rollback.cmd with which a successful run, or one that is not complete, ends."""
    script = rollback_script(order, RUN)
    until = script[: script.index("goto finish", script.index(":already") - 1)]
    return [line for line in until if "The old values are back" in line or "Not everything is undone" in line]


def test_a_rollback_says_that_the_old_values_are_back_only_where_they_are() -> None:
    back = "echo The old values are back. Restart this server when it suits: that puts them into effect."
    missing = "if %rc%==5 echo Not everything is undone: see above, and run rollback.cmd again later."
    tables = {"excluded_udp4": ("51820-51821",)}
    assert last_words(order()) == [back]
    assert last_words(replace(order(), added=tables)) == [missing, f"if not %rc%==5 {back}"]
    alone = last_words(replace(order(), values=(), added=tables))
    assert alone == [missing, "if not %rc%==5 echo The old values are back."], "netsh needs no restart"


def written_files(lines: list[str], label: str) -> list[str]:
    """Return the lines that the subroutine of that name appends to its file."""
    body = lines[lines.index(f":{label}") + 1 :]
    body = body[: body.index("call :import")]
    echoed = [line.partition("echo")[2] for line in body if line.startswith(('>"%w%', '>>"%w%'))]
    return ["" if text == "." else text.removeprefix(" ") for text in echoed]


@pytest.mark.parametrize("nt", ["5.0", "5.2"])
def test_without_reg_exe_regedit_writes_the_record_with_the_mark_that_the_host_shows(nt: str) -> None:
    script = apply_script(order(after=["1645-1646", "4500-4500"], nt=nt), RUN)
    assert script[script.index(":record") + 1].endswith("goto record_2000")
    found = read_reg("\n".join(written_files(script, "record_2000")).replace("%m%", "804e3f6c21f4c801"))
    assert found.dialect == DIALECT_4, "each regedit reads it, and it is plain ASCII"
    values = found.values(rf"{OWN}\state\reserved_ports")
    texts = {name: value[1].decode("utf-16-le").rstrip("\0") for name, value in (values or {}).items()}
    assert texts == {"value": "1645-1646,4500-4500", "boot_mark": "804e3f6c21f4c801"}
    body = script[script.index(":record_2000") :]
    (read,) = (line for line in body if line.endswith("set m=%%b%%c%%d%%e%%f%%g%%h%%i"))
    assert read.startswith('for /f "usebackq tokens=3-12 delims=:=,"') and 'if "%%a%%j"=="hex" ' in read
    # No line of another value may be taken for the mark, and without a mark there is no record.
    first = next(at for at, line in enumerate(body) if "record.reg" in line)
    assert body.index('if exist "%w%\\line.txt" del "%w%\\line.txt"') < body.index("call :bytes ShutdownTime >nul")
    assert body.index("set m=") < body.index(read) < body.index("if not defined m exit /b 0") < first


def test_a_record_alone_is_written_only_beside_the_bytes_of_the_transcript() -> None:
    plan = Work((change_records({}, {"reserved_ports": "3-3"}, ""),), ())
    text = f'REGEDIT4\n\n[{TCPIP}]\n"ReservedPorts"=hex(7):33,2d,33,00,00\n'
    made = plan_scripts(facts(nt="5.0"), plan, Transcript(RUN, {"tcpip": Section(text, 0)}))
    assert made and made.records and not made.writes
    raw = "3-3\0\0".encode("utf-16-le")
    assert [(value.before, value.after) for value in made.held] == [((7, raw), (7, raw))]
    script = apply_script(made, RUN)
    assert shown_bytes(script, "after0") == ["hex(7)", *(f"{byte:02x}" for byte in raw)]
    checks = ["call :read", "if errorlevel 1 goto unreadable", "call :same after", "if errorlevel 1 goto changed"]
    at = script.index(checks[0])
    assert script[at : at + 4] == checks
    assert at < script.index('set "r=%data%"') < script.index("call :record <nul >nul 2>nul")
    assert ":after0" not in rollback_script(made, RUN), "nothing is restored, so nothing has to be as it was"


def test_what_is_recorded_as_it_is_keeps_no_old_value_from_coming_back() -> None:
    written = replace(order(), held=(Value(SETTINGS["socket_pool_size"], None, None),))
    assert shown_bytes(apply_script(written, RUN), "after1") == ["absent"]
    assert ":before1" not in rollback_script(written, RUN)


def test_values_of_reg_query_are_recorded_without_a_comparison() -> None:
    """Entries may have other bytes than the documented ones; such a host would never get its record."""
    plan = Work((change_records({}, {"reserved_ports": "3-3"}, ""),), ())
    text = "    ReservedPorts    REG_MULTI_SZ    3-3"
    made = plan_scripts(facts(), plan, Transcript(RUN, {"tcpip": Section(text, 0)}))
    assert made.records and made.held == ()


def test_a_plan_with_nothing_to_do_is_no_order() -> None:
    assert not plan_scripts(facts(), Work((), (Action("reboot", ""),)), Transcript(RUN, {}))
    assert order()


def test_a_service_that_runs_without_its_port_is_restarted_around_dns() -> None:
    found = facts()
    found["services"]["DNS"] = {**found["services"].get("DNS", {}), "pid": 1484}
    action = Action("dns_window", "", (), {}, ("Netbird",))
    made = plan_scripts(found, Work((), (action,)), Transcript(RUN, {}))
    assert (made.services_to_restart, made.process) == (("Netbird",), 1484)
    lines = apply_script(made, RUN)
    steps = [
        'call :halt "Netbird"',
        "net.exe stop DNS /y >nul 2>nul",
        'call :up "Netbird"',
        "net.exe start DNS >nul 2>nul",
    ]
    at = [lines.index(step) for step in steps]
    assert at == sorted(at)
    assert [line for line in lines if '/d "DNS,Follows,Netbird" /f' in line], "it is on record while it is stopped"
    # While DNS has the process of the transcript, the restart is still due; afterwards a second run does nothing.
    due = lines.index('if "%p%"=="1484" exit /b 1')
    assert lines.index("call :complete") < due and lines[due + 1] == "exit /b 0"


def test_the_restart_of_a_service_is_refused_by_its_name_before_a_script_is_made() -> None:
    action = Action("dns_window", "", (), {}, ('x" & del',))
    with pytest.raises(BatchError):
        plan_scripts(facts(), Work((), (action,)), Transcript(RUN, {}))
