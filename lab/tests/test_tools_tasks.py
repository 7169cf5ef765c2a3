# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""schtasks and shutdown: the book-keeping that the supervisor reads."""

from __future__ import annotations

import pytest

pytest_plugins = ["portkeeper_lab.tool_fixture"]

CREATE = 'schtasks /create /tn "my task" /tr "C:\\w\\x.cmd one two" /sc once /st 23:59 /ru SYSTEM'


@pytest.fixture
def tasks(tool_host):
    yield tool_host
    tool_host.run('schtasks /delete /tn "my task" /f & schtasks /delete /tn ping /f')


def test_life_of_a_task(tasks):
    assert tasks.run(CREATE).code == 0
    book = tasks.lab_file("tasks/my task.txt").read_text(encoding="utf-8")
    assert book == "command=C:\\w\\x.cmd one two\nschedule=once\nstart=23:59\ndate=\nuser=SYSTEM\n"
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
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\PortkeeperLab"
    assert tasks.run(f"reg add {key} /v OnBattery /t REG_DWORD /d 1 /f").code == 0
    try:
        create = 'schtasks /create /tn battery /tr "cmd.exe /c echo ran>C:\\battery.txt" /sc onstart /ru SYSTEM'
        assert tasks.run(create).code == 0
        assert "SUCCESS" in tasks.run("schtasks /run /tn battery").out
        assert not list(tasks.lab_file("tasks").glob("run/battery*"))
        assert tasks.run("schtasks /delete /tn battery /f").code == 0
    finally:
        tasks.run(f"reg delete {key} /v OnBattery /f")


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
