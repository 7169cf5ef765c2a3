# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guarded window is rendered."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import ALPHABET, MAX_LINE, BatchError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import (
    MOST_SWEPT,
    ExclusionToAdd,
    Window,
    abort_line,
    finish_line,
    poll_line,
    rescue_line,
    script,
    start_line,
    start_services_line,
    unguarded_line,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_language import unescaped
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_renderings import (
    LOCK,
    RUN,
    WINDOW_LINES,
)

WINDOW = Window(
    run=RUN,
    lock=LOCK,
    services_to_start=("PolicyAgent", "IAS"),
    dependents=("Dep One",),
    exclusions=(ExclusionToAdd("excluded_udp4", "4500-4500"),),
    deadline=300,
    until=1764000300,
    process=1484,
)
keys = st.text("ABCxyz019_.$-", min_size=1, max_size=80)


def order(lines: list[str], *texts: str) -> list[int]:
    return [next(at for at, line in enumerate(lines) if text in line) for text in texts]


def test_the_token_comes_first_and_only_once() -> None:
    lines = script(WINDOW)
    # A session that has claimed a window whose start was cut short has the last word, too.
    assert lines[3] == r"if exist %w%\claimed.session exit"
    assert lines[4].endswith(r"&echo end)>%w%\now 2>nul") and " add " not in lines[4]
    # The task runs at a boot, too: the script works only in the boot for which it was made.
    assert lines[5:7] == [r"fc.exe /b %w%\boot %w%\now>nul||exit", r"ren %w%\token claimed||exit"]
    assert rf"type ..\portkeeper\lock\1764000000-{RUN}>..\portkeeper-1764000000-{RUN}\boot" in start_line(WINDOW)


def test_stop_exclude_victims_dns_dependents_end() -> None:
    steps = order(
        script(WINDOW),
        "net.exe stop DNS",
        'tasklist.exe /fi "pid eq 1484"',
        r"netsh.exe -f %w%\exclude.netsh",
        '"PolicyAgent"',
        '"IAS"',
        "net.exe start DNS",
        'set s="Dep One"',
        r"echo end>%w%\end",
    )
    assert steps == sorted(steps)


def test_a_running_service_is_stopped_before_dns_and_started_while_dns_is_down() -> None:
    lines = script(replace(WINDOW, services_to_restart=("Netbird", "BESClient")))
    stop, again, dns = (
        lines.index(r"net.exe stop DNS /y>>%w%\log 2>&1"),
        lines.index("call :restart"),
        lines.index(r"net.exe start DNS>>%w%\log 2>&1"),
    )
    assert lines.index("set k=0") < min(at for at, line in enumerate(lines) if "goto refused" in line)
    asked = ['set s="Netbird"', "call :halt", "if not %e%==0 goto r%k%"]
    asked += ['set s="BESClient"', "call :halt", "if not %e%==0 goto r%k%"]
    assert lines[stop - len(asked) : stop] == asked
    assert stop < again < dns
    # One that does not stop: it and those before it are started again, and DNS is not touched. One that no longer runs
    # (1062) was stopped by somebody else: it is not started, and the record does not wait for it.
    halted = lines.index(r">>%w%\steps echo stop %s% %e%")
    assert lines[halted + 1 : halted + 3] == ["if not %e%==1062 set /a k=k+1", "exit /b"]
    refused = lines[lines.index(":r2") : lines.index(":refused")]
    assert refused == [
        *(":r2", 'set s="BESClient"', "call :restart"),
        *(":r1", 'set s="Netbird"', "call :restart"),
        *(":r0", "set e=1052"),
    ]
    proof = lines[lines.index("set f=") : lines.index(r"echo end>%w%\end")]
    assert [line[:21] for line in proof if "Netbird" in line or "BESClient" in line] == [
        "if not %k%==0 (sc.exe",
        "if not %k%==1 (sc.exe",
    ]
    assert WINDOW.recorded.value == "DNS,Dep One"
    assert replace(WINDOW, services_to_restart=("Netbird",)).recorded.value == "DNS,Dep One,Netbird"


def test_nothing_is_stopped_before_all_of_it_was_looked_at() -> None:
    lines = script(WINDOW)
    stop = lines.index(r"net.exe stop DNS /y>>%w%\log 2>&1")
    before = lines[:stop]
    assert any('sc.exe query "DNS"' in line and "goto refused" in line for line in before)
    assert [line for line in before if line.startswith('reg.exe query "HKLM')] == [
        rf'reg.exe query "HKLM\SYSTEM\CurrentControlSet\Services\{name}">>%w%\keys 2>nul' for name in ("DNS", "Dep One")
    ]
    assert before[-1] == r"reg.exe query HKLM\SOFTWARE\portkeeper\state\ran_before>nul 2>&1||(set e=5&goto refused)"
    assert lines.index(":refused") > lines.index("goto prove") > stop


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("    Start    REG_DWORD    0x4", True),
        ("    Start\tREG_DWORD\t0x4", True),
        ("    DeleteFlag    REG_DWORD    0x1", True),
        ("    Start    REG_DWORD    0x2", False),
        ("    Start    REG_DWORD    0x3", False),
        ("    StartOverride    REG_DWORD    0x4", False),
        ("    DelayedAutostart    REG_DWORD    0x4", False),
        (r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Start 0x4", False),
    ],
)
def test_a_service_that_cannot_be_started_again_is_named_by_its_key(row: str, expected: bool) -> None:
    (look,) = [line for line in script(WINDOW) if line.endswith("(set e=1058&goto refused)")]
    patterns = re.findall(r'/c:"([^"]*)"', look)
    assert any(re.search(pattern, row, re.IGNORECASE) for pattern in patterns) is expected


def test_the_record_goes_only_when_all_of_it_runs() -> None:
    lines = script(replace(WINDOW, owed=("WINS", "dns")))
    proof = lines[lines.index(":prove") : lines.index(r"echo end>%w%\end")]
    assert [re.findall(r'sc.exe query ("[^"]*")', line) for line in proof[2:-1]] == [
        ['"DNS"'], ['"Dep One"'], ['"WINS"'], ['"dns"'],
    ]  # fmt: skip
    assert all(line.endswith("||set f=1") for line in proof[2:-1])
    assert proof[-1] == r"if not defined f reg.exe delete HKLM\SOFTWARE\portkeeper\state\ran_before /f>nul 2>&1"


def test_what_ran_is_on_record_before_the_token_lies_there() -> None:
    for line in (start_line(replace(WINDOW, owed=("WINS",))), unguarded_line(replace(WINDOW, owed=("WINS",)))):
        record = line.index('ran_before /v value /t REG_SZ /d "DNS,Dep One,WINS" /f')
        assert record < line.index("echo token>")
    assert "ran_before /v dns_pid" not in start_line(WINDOW)


def test_a_window_that_never_ran_leaves_only_what_was_owed_before() -> None:
    assert r"reg.exe delete HKLM\SOFTWARE\portkeeper\state\ran_before /f" in abort_line(WINDOW)
    assert "ran_before" not in abort_line(replace(WINDOW, owed=("WINS",)))


def test_a_process_is_waited_for_by_its_number_only() -> None:
    text = "\n".join(script(WINDOW))
    assert "imagename" not in text and "dns.exe" not in text
    (look,) = [line for line in script(WINDOW) if "tasklist" in line]
    assert look == (
        r'tasklist.exe /fi "pid eq 1484" /fo csv /nh>%w%\tasks 2>nul'
        r'&&(findstr.exe /r /c:",.1484.," %w%\tasks>nul||goto exclude)'
    ), "a list that cannot be read goes on waiting"
    unknown = script(replace(WINDOW, process=None))
    assert "tasklist" not in "\n".join(unknown)
    assert unknown.index("if %n% GEQ 20 goto exclude") < unknown.index("goto held") < unknown.index(":exclude")


def test_dns_is_tried_again_until_it_runs() -> None:
    lines = script(WINDOW)
    asked = lines.index("sc.exe start DNS>nul 2>&1")
    assert lines[asked + 1 : asked + 3] == ["set e=%errorlevel%", "if %e%==1056 goto dns_runs"]
    assert lines.index("goto dns") > lines.index(":dns")
    assert "if %n% GEQ 37 goto dns_down" in lines


def test_the_level_of_the_start_is_what_sc_said() -> None:
    """A `set /a` in between would be told as success."""
    lines = script(WINDOW)
    assert lines[lines.index(":dns_down") + 1] == r">>%w%\steps echo gave_up_dns %e%"
    assert lines[lines.index(":dns_runs") + 1] == r">>%w%\steps echo start_dns %e%"
    between = lines[lines.index("sc.exe start DNS>nul 2>&1") + 2 : lines.index(":dns_runs")]
    assert not any(line.startswith("set e=") for line in between)


def test_output_goes_to_files_only() -> None:
    for line in script(WINDOW):
        if re.match(r"(net|netsh|sc|ping)\.exe ", line):
            assert re.search(r">>?(%w%\\log|nul)", line), line


def test_no_digit_stands_before_a_redirection() -> None:
    """`echo x 1>>steps` would send nothing to the file: a digit there names a stream."""
    for line in script(WINDOW):
        assert not re.search(r"(^|[ ,;=])\d>(?!&|nul)", line.replace("2>&1", "").replace("2>nul", "")), line


def test_the_start_happens_only_under_our_lock_with_a_unique_task() -> None:
    line = start_line(WINDOW)
    steps = [line.index(text) for text in ("begin lock", "if exist", "schtasks.exe /create", "schtasks.exe /run")]
    assert steps == sorted(steps)
    assert f"/tn portkeeper-1764000000-{RUN} " in line
    assert "/f" not in line[line.index("schtasks.exe /create") : line.index("end create")]


def definition_of(line: str) -> ElementTree.Element:
    """Return the definition of the task that a line writes, as cmd leaves it."""
    (echo,) = re.findall(r"\(echo (\^<Task .*?)\)>\.\.\\[^\\]*\\task\.xml&", line)
    return ElementTree.fromstring(unescaped(echo))


def test_from_vista_on_the_task_runs_on_battery_too() -> None:
    line = start_line(replace(WINDOW, task_file=True))
    task = definition_of(line)
    space = {"": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    assert [part.tag.rpartition("}")[2] for part in task] == ["Triggers", "Principals", "Settings", "Actions"]
    assert {part.tag.rpartition("}")[2]: part.text for part in task.find("Settings", space)} == {
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "ExecutionTimeLimit": "PT0S",
    }
    assert task.find("Principals/Principal/UserId", space).text == "S-1-5-18"
    assert len(task.find("Triggers", space)) == 1 and task.find("Triggers/BootTrigger", space) is not None
    (program,) = re.findall(r" /tr (\S+) ", line)
    assert task.find("Actions/Exec/Command", space).text == program


def test_a_task_that_is_not_taken_from_its_file_is_created_as_before_vista() -> None:
    line = start_line(replace(WINDOW, task_file=True))
    name, folder = f"portkeeper-1764000000-{RUN}", rf"..\portkeeper-1764000000-{RUN}"
    steps = [
        f"icacls.exe {folder} ",
        rf")>{folder}\task.xml&",
        "begin create",
        f"(schtasks.exe /create /tn {name} /ru SYSTEM /xml {folder}\\task.xml||schtasks.exe /create ",
        "/sc onstart /ru SYSTEM /f)>nul&&echo created&",
        rf")>{folder}\exclude.netsh&",
        "begin run",
    ]
    assert [line.index(step) for step in steps] == sorted(line.index(step) for step in steps)
    # What decides about the run is the script's size: a definition that was cut is refused by schtasks itself.
    assert "task.xml" not in line[line.index("echo token>") :]


def test_before_vista_and_in_a_shell_no_definition_is_written() -> None:
    for line in (start_line(WINDOW), unguarded_line(WINDOW), unguarded_line(replace(WINDOW, task_file=True))):
        assert "xml" not in line and "<Task" not in line


def test_a_line_without_room_for_the_definition_creates_the_task_as_before_vista() -> None:
    """A window with many services is opened as it would be without the file."""
    many = [
        replace(WINDOW, dependents=tuple(f"Service{n:03}" for n in range(count)), task_file=True) for count in (2, 9)
    ]
    assert ["/xml" in start_line(window) for window in many] == [True, False]
    assert start_line(many[1]) == start_line(replace(many[1], task_file=False))


def test_the_exclusions_are_written_behind_every_environment_variable() -> None:
    """Some command processors pair the percent signs of `for` with those of a variable further on."""
    exclusions = (ExclusionToAdd("excluded_udp6", "64001-65000"), ExclusionToAdd("excluded_udp4", "4500-4500"))
    for line in (start_line(replace(WINDOW, exclusions=exclusions)), unguarded_line(WINDOW)):
        assert "%SystemRoot%" not in line[line.index("for %r") :]
        assert line.index("for %r") < line.index("echo token")
    line = start_line(replace(WINDOW, exclusions=exclusions))
    assert "for %r in (4500-1) do @for" in line
    assert "for %r in (64001-1000) do @for" in line
    assert "interface ipv6 add excludedportrange protocol=udp startport=%s numberofports=%t store=persistent" in line
    assert "exclude.netsh" not in start_line(replace(WINDOW, exclusions=()))


def test_the_lock_says_how_long_the_window_may_take() -> None:
    folder = r"..\portkeeper\lock"
    assert rf"type {folder}\1764000000-{RUN}>{folder}\window-1764000300-{RUN}&" in start_line(WINDOW)
    lines = script(WINDOW)
    assert lines[lines.index(r"echo end>%w%\end") + 1] == rf"del ..\portkeeper\lock\window-1764000300-{RUN}"


def test_polling_is_shorter_than_asked_for() -> None:
    assert "(1,1,20)" in poll_line(WINDOW, 40)
    assert "(1,1,1)" in poll_line(WINDOW, 0)


def test_the_task_is_deleted_only_after_the_end() -> None:
    assert "schtasks.exe /delete" not in start_line(WINDOW) + poll_line(WINDOW, 10) + rescue_line(WINDOW)
    assert "schtasks.exe /delete" in finish_line(WINDOW, {})


def test_folders_of_any_number_of_earlier_windows_fit_on_the_line() -> None:
    """Its own is removed last, because they are compared with it."""
    others = {f"17{number:08}-{RUN}": frozenset({"boot"}) for number in range(200)}
    line = finish_line(WINDOW, {**others, WINDOW.lock: frozenset({"end"})})
    assert len(line) <= MAX_LINE
    assert line.count("fc.exe") == MOST_SWEPT
    assert line.rindex("fc.exe") < line.index(rf"rd /s /q {WINDOW.path}") < line.index("begin unlock")


def test_an_abort_gives_the_lock_back_only_if_the_token_was_ours() -> None:
    line = abort_line(WINDOW)
    assert line.index("ren ") < line.index("if exist") < line.index("begin unlock")


def test_the_rescue_starts_dns_and_what_ran() -> None:
    line = rescue_line(WINDOW)
    steps = [line.index(text) for text in ("claimed", "net.exe start DNS", 'net.exe start "Dep One"', "netstat.exe")]
    assert steps == sorted(steps)
    assert "net.exe stop" not in line


@given(st.lists(keys, max_size=8), st.lists(keys, max_size=4), st.integers(60, 3600))
def test_the_alphabet_of_every_line(services_to_start: list[str], dependents: list[str], deadline: int) -> None:
    window = replace(
        WINDOW, services_to_start=tuple(services_to_start), dependents=tuple(dependents), deadline=deadline
    )
    lines = [render(window) for render in WINDOW_LINES.values()]
    if services_to_start:
        lines.append(start_services_line(RUN, services_to_start))
    for line in lines:
        assert set(line) <= ALPHABET
        assert len(line) <= MAX_LINE


@given(st.text(min_size=1, max_size=20))
def test_foreign_names_never_get_in(name: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9_.$ -]+", name, re.ASCII):
        return
    for window in (replace(WINDOW, services_to_start=(name,)), replace(WINDOW, dependents=(name,))):
        with pytest.raises(BatchError):
            start_line(window)
    with pytest.raises(BatchError):
        start_services_line(RUN, [name])


def test_nothing_to_start_and_unknown_lists_are_refused() -> None:
    with pytest.raises(BatchError):
        start_services_line(RUN, [])
    with pytest.raises(BatchError):
        script(replace(WINDOW, exclusions=(ExclusionToAdd("tcp4", "1-2"),)))


def test_the_windows_folder_is_new_closed_and_empty_before_anything_is_written_or_run() -> None:
    folder = rf"..\portkeeper-1764000000-{RUN}"
    for line in (start_line(WINDOW), unguarded_line(WINDOW)):
        steps = [
            f"md {folder}&&((icacls.exe {folder} /inheritance:r /grant:r ",
            f"||icacls.exe {folder} /deny ",
            f'dir /b {folder}|findstr.exe "^">nul&(if errorlevel 1 (',
            rf">{folder}\run.cmd&",
            rf">{folder}\token&",
        ]
        assert [line.index(step) for step in steps] == sorted(line.index(step) for step in steps)


def test_nothing_is_started_unless_the_files_of_the_window_have_the_size_that_was_sent() -> None:
    """A full disk leaves files that begin well, and half a script would stop DNS and not start it again."""
    folder = rf"..\portkeeper-1764000000-{RUN}"
    whole = sum(len(text) + 2 for text in script(WINDOW))
    row = "interface ipv4 add excludedportrange protocol=udp startport=4500 numberofports=1 store=persistent\r\n"
    sizes = (
        rf"(for %k in ({folder}\exclude.netsh) do @if %~zk=={len(row)} for %j in ({folder}\run.cmd)"
        rf" do @if %~zj=={whole} ("
    )
    for line, starts in ((start_line(WINDOW), "schtasks.exe /run"), (unguarded_line(WINDOW), "cmd.exe /d /c")):
        assert line.index(f"{sizes}echo #portkeeper {RUN} begin ") < line.index(starts)
        assert line.count(starts) == 1
    alone = start_line(replace(WINDOW, exclusions=()))
    assert re.search(r"&\(for %j in \(\S+\\run\.cmd\) do @if %~zj==\d+ \(echo #portkeeper \w+ begin run", alone)


def test_no_environment_variable_stands_behind_a_variable_of_for() -> None:
    """Some command processors pair their percent signs."""
    line = poll_line(WINDOW, 10)
    assert "%SystemRoot%" not in line[line.index("%i") :]
