# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""schtasks and shutdown leave the requests that the supervisor reads."""

from __future__ import annotations

import re

import pytest

from portkeeper_lab.scenario import LAB_KEY

pytest_plugins = ["portkeeper_lab.tool_fixture"]

CREATE = 'schtasks /create /tn "my task" /tr "C:\\w\\x.cmd one two" /sc once /st 23:59 /ru SYSTEM'


@pytest.fixture
def tasks(tool_host):
    yield tool_host
    tool_host.run('schtasks /delete /tn "my task" /f & schtasks /delete /tn ping /f')


def test_life_of_a_task(tasks):
    assert tasks.run(CREATE).code == 0
    book = tasks.lab_file("tasks/my task.txt").read_text(encoding="utf-8")
    assert book == "command=C:\\w\\x.cmd one two\nschedule=once\nstart=23:59\ndate=\nuser=SYSTEM\nbattery=no\n"
    assert '"my task","23:59",""\r\n' in tasks.run("schtasks /query /fo csv /nh").out
    assert tasks.run('schtasks /delete /tn "my task" /f').code == 0
    assert tasks.run('schtasks /run /tn "my task"').code == 1
    assert not tasks.lab_file("tasks/my task.txt").exists()


def test_an_existing_name_asks(tasks):
    """No /f before Vista; a closed input is a no, nothing is replaced."""
    assert tasks.run(CREATE).code == 0
    assert tasks.run(CREATE.replace("one two", "other")).code == 1
    assert "one two" in tasks.lab_file("tasks/my task.txt").read_text(encoding="utf-8")
    assert tasks.run("echo y| " + CREATE.replace("one two", "other")).code == 0
    assert "other" in tasks.lab_file("tasks/my task.txt").read_text(encoding="utf-8")


def test_run_is_carried_out(tasks, eventually):
    """The supervisor starts the command line of the task."""
    create = 'schtasks /create /tn ping /tr "cmd.exe /c echo ran>C:\\ran.txt" /sc onstart /ru SYSTEM'
    assert tasks.run(create).code == 0
    assert "SUCCESS" in tasks.run("schtasks /run /tn ping").out
    ran = tasks.host.prefix / "drive_c/ran.txt"
    eventually(lambda: ran.exists() and ran.read_bytes() == b"ran\r\n", 15.0)


def test_on_battery_a_task_does_not_start_and_windows_says_success(tasks):
    assert tasks.run(f"reg add {LAB_KEY} /v OnBattery /t REG_DWORD /d 1 /f").code == 0
    try:
        create = 'schtasks /create /tn battery /tr "cmd.exe /c echo ran>C:\\battery.txt" /sc onstart /ru SYSTEM'
        assert tasks.run(create).code == 0
        assert "SUCCESS" in tasks.run("schtasks /run /tn battery").out
        assert not list(tasks.lab_file("tasks").glob("run/battery*"))
        assert tasks.run("schtasks /delete /tn battery /f").code == 0
    finally:
        tasks.run(f"reg delete {LAB_KEY} /v OnBattery /f")


DEFINITION = (
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
    "<Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>"
    "<Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>"
    "<Settings><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>"
    "<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries><ExecutionTimeLimit>PT0S</ExecutionTimeLimit></Settings>"
    "<Actions><Exec><Command>C:\\w\\x.cmd</Command></Exec></Actions>"
    "</Task>\r\n"
)
FROM_FILE = "schtasks /create /tn defined /ru SYSTEM /xml C:\\task.xml"
TRIGGERS, ACTIONS = re.findall("<Triggers>.*</Triggers>|<Actions>.*</Actions>", DEFINITION)


@pytest.fixture
def defined(nt6):
    """A host of Vista or later without a task of this name; gives a function that writes the definition."""
    yield lambda text: nt6.write("task.xml", text if isinstance(text, bytes) else text.encode("ascii"))
    nt6.run("schtasks /delete /tn defined /f")


def test_a_task_from_a_file(nt6, defined):
    defined(DEFINITION)
    assert nt6.run(FROM_FILE).code == 0
    book = nt6.lab_file("tasks/defined.txt").read_text(encoding="utf-8")
    assert book == "command=C:\\w\\x.cmd\nschedule=onstart\nstart=\ndate=\nuser=SYSTEM\nbattery=yes\n"
    assert nt6.run(FROM_FILE).code == 1
    assert nt6.run(f"{FROM_FILE} /f").code == 0


@pytest.mark.parametrize("setting", ["DisallowStartIfOnBatteries", "StopIfGoingOnBatteries"])
def test_a_task_from_a_file_waits_for_mains_power_unless_it_says_otherwise(nt6, defined, setting):
    for definition in (
        DEFINITION.replace(f"<{setting}>false", f"<{setting}>true"),
        DEFINITION.replace(f"<{setting}>false</{setting}>", ""),
    ):
        defined(definition)
        assert nt6.run(f"{FROM_FILE} /f").code == 0
        assert "battery=no\n" in nt6.lab_file("tasks/defined.txt").read_text(encoding="utf-8")


def test_on_battery_only_a_task_from_a_file_starts(nt6, defined, eventually):
    ran = nt6.host.prefix / "drive_c/battery.txt"
    nt6.write("battery.cmd", b"@echo ran>>C:\\battery.txt\r\n")
    defined(DEFINITION.replace("C:\\w\\x.cmd", "C:\\battery.cmd"))
    by_switches = "schtasks /create /tn defined /tr C:\\battery.cmd /sc onstart /ru SYSTEM /f"
    assert nt6.run(f"reg add {LAB_KEY} /v OnBattery /t REG_DWORD /d 1 /f").code == 0
    try:
        for create in (by_switches, f"{FROM_FILE} /f"):
            assert not ran.exists()
            assert nt6.run(create).code == 0
            assert "SUCCESS" in nt6.run("schtasks /run /tn defined& ping -n 2 127.0.0.1").out
        eventually(lambda: ran.exists() and ran.read_bytes() == b"ran\r\n", 15.0)
    finally:
        nt6.run(f"reg delete {LAB_KEY} /v OnBattery /f")


@pytest.mark.parametrize(
    "definition",
    [
        "",
        '<?xml version="1.0" encoding="UTF-16"?>' + DEFINITION,
        '<?xml version="1.0" encoding="UTF-8"?>' + DEFINITION,
        "\ufeff".encode() + DEFINITION.encode("ascii"),
        DEFINITION.encode("utf-16"),
        DEFINITION.replace("</Task>", ""),
        DEFINITION[: len(DEFINITION) // 2],
        DEFINITION + "<Task/>",
        DEFINITION.replace("</Settings>", "</settings>"),
        DEFINITION.replace(TRIGGERS, "").replace(ACTIONS, ACTIONS + TRIGGERS),
        DEFINITION.replace(ACTIONS, ""),
        DEFINITION.replace(ACTIONS, ACTIONS * 2),
        DEFINITION.replace(' version="1.2"', ""),
        DEFINITION.replace("2004/02", "2005/02"),
        DEFINITION.replace("S-1-5-18", "SYSTEM"),
        DEFINITION.replace("<UserId>S-1-5-18</UserId>", ""),
        DEFINITION.replace("Batteries>false", "Batteries>no"),
        DEFINITION.replace("PT0S", "0"),
        DEFINITION.replace("<Settings>", "<Settings><Unknown>true</Unknown>"),
        DEFINITION.replace("<Settings>", "<Settings>^"),
        DEFINITION.replace("x.cmd", "x&y.cmd"),
        DEFINITION.replace("x.cmd", "\u00e4.cmd").encode("cp1252"),
        DEFINITION.replace("C:\\w\\x.cmd", ""),
    ],
)
def test_a_definition_that_the_lab_does_not_understand_is_refused(nt6, defined, definition):
    defined(definition)
    assert nt6.run(FROM_FILE).code == 1
    assert not nt6.lab_file("tasks/defined.txt").exists()


@pytest.mark.parametrize("more", [" /sc onstart", " /tr x.cmd", " /xml C:\\nosuch.xml"])
def test_what_does_not_go_with_a_file(nt6, defined, more):
    defined(DEFINITION)
    assert nt6.run(FROM_FILE + more).code == 1


def test_a_host_that_takes_no_file(nt6, defined):
    defined(DEFINITION)
    assert nt6.run(f"reg add {LAB_KEY} /v ToolBugs /t REG_MULTI_SZ /d schtasks_xml /f").code == 0
    try:
        assert nt6.run(FROM_FILE).code == 1
    finally:
        nt6.run(f"reg delete {LAB_KEY} /v ToolBugs /f")


def test_before_vista_there_is_no_task_from_a_file(tasks):
    tasks.write("task.xml", DEFINITION.encode("ascii"))
    assert tasks.run(FROM_FILE).code == 1


@pytest.mark.parametrize(
    "command",
    [
        CREATE + " /f",
        CREATE.replace("once", "weekly"),
        CREATE.replace("/st 23:59", ""),
        CREATE.replace("23:59", "24:00"),
        CREATE.replace("my task", "a\\b"),
        CREATE.replace("one", "x" * 300),
        "schtasks /run /tn nosuch",
        "schtasks /delete /tn nosuch /f",
        "schtasks /create",
        "schtasks",
        "schtasks /change /tn x",
    ],
)
def test_schtasks_refuses(tasks, command):
    assert tasks.run(command).code == 1


def test_stopped_service(tasks):
    tasks.lab_file("tasks").mkdir(exist_ok=True)
    stopped = tasks.lab_file("tasks/stopped")
    stopped.touch()
    assert {tasks.run(command).code for command in (CREATE, "schtasks /query")} == {1}
    stopped.unlink()


def test_shutdown_request(tool_host):
    """A long delay: the lab must not carry it out while we look."""
    request = tool_host.lab_file("shutdown-request")
    assert tool_host.run("shutdown -a").code == 1116
    assert tool_host.run('shutdown -r -f -t 600 -c "portkeeper"').code == 0
    assert request.read_text(encoding="utf-8") == "600 r\n"
    assert tool_host.run("shutdown /s /t 0").code == 1115
    assert tool_host.run("shutdown /a").code == 0
    assert not request.exists()


@pytest.mark.parametrize("arguments", ["", "-r -t 601", "-r -t x", "-r -s", "/r /hybrid", "-p", "-r -t"])
def test_shutdown_refuses(tool_host, arguments):
    assert tool_host.run(f"shutdown {arguments}").code == 1
