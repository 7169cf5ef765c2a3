# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""collect.cmd runs on a lab host with only its cmd, with all tools and without those that Windows 2000 lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from renderings import assert_same_host

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import collector_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.collect import collect_script
from portkeeper_lab.control import ask_once
from portkeeper_lab.windows_type import with_windows_type

RUN = "0123456789abcdef"
SAME = ("settings", "boot_mark", "state", "hotfixes", "sql_ports", "udp_ports", "computer_name")


@pytest.fixture(scope="module")
def carried(lab_host) -> Path:
    """The folder C:\\carry of the host, with collect.cmd in it."""
    folder = Path(ask_once(lab_host.name, {"op": "info"})["prefix"]) / "drive_c" / "carry"
    folder.mkdir()
    (folder / "collect.cmd").write_bytes("".join(f"{line}\r\n" for line in collect_script(RUN)).encode("ascii"))
    return folder


def test_the_script_gives_the_transcript_of_the_command_line(lab_host, carried) -> None:
    said = lab_host.exec(r"C:\carry\collect.cmd /q")
    assert r'"C:\carry\SBS2003.txt"' in said
    assert_same_host(lab_host.exec(collector_line(RUN)), (carried / "SBS2003.txt").read_bytes())


def test_a_folder_that_cannot_be_written_to(lab_host, carried) -> None:
    (carried / "SBS2003.txt").unlink()
    (carried / "SBS2003.txt").mkdir()
    said = lab_host.exec(r"C:\carry\collect.cmd /q")
    assert r"Temp\SBS2003.txt" in said.replace("temp", "Temp")
    (carried / "SBS2003.txt").rmdir()


def collected_bare(lab_host, carried) -> bytes:
    """Return the transcript of the host without the programs that Windows 2000 lacks; they are restored afterwards.

    `type` converts UTF-16 as that of Windows does.
    """
    system32 = carried.parent / "windows" / "system32"
    script = carried / "collect.cmd"
    script.write_bytes(with_windows_type(script.read_bytes().decode("ascii")).encode("ascii"))
    hidden = [system32 / f"{tool}.exe" for tool in ("reg", "sc", "tasklist")]
    for path in hidden:
        path.rename(path.with_suffix(".hidden"))
    try:
        lab_host.exec(r"C:\carry\collect.cmd /q")
    finally:
        for path in hidden:
            path.with_suffix(".hidden").rename(path)
    transcript = (carried / "SBS2003.txt").read_bytes()
    assert b"Windows Registry Editor" in transcript and b"! REG.EXE" not in transcript
    return transcript


def test_without_the_tools_that_windows_2000_lacks(lab_host, carried) -> None:
    record = r"HKLM\SOFTWARE\portkeeper\state\reserved_ports"
    assert parse_transcript(lab_host.exec(collector_line(RUN)))["state"]["present"] is False
    bare = parse_transcript(collected_bare(lab_host, carried))
    assert bare["state"] == {"present": False, "settings": {}}
    for name, data in (("value", "3343-3343"), ("boot_mark", "AB-C"), ("dns_pid", "7")):
        lab_host.exec(f"reg add {record} /v {name} /t REG_SZ /d {data} /f")
    with_tools = parse_transcript(lab_host.exec(collector_line(RUN)))
    transcript = collected_bare(lab_host, carried)
    assert b"DigitalProductId" not in transcript
    found = parse_transcript(transcript)
    for name in set(SAME) - {"udp_ports"}:
        assert found[name] == with_tools[name], name
    assert found["dns"]["installed"] is True and found["services_total"] is None
    starts = {name: service["start"] for name, service in with_tools["services"].items()}
    assert {name: service["start"] for name, service in found["services"].items()} == starts
    assert "services_unreadable" in {problem["id"] for problem in found["problems"]}


def test_the_kit_is_made_without_a_connection(controller, tmp_path) -> None:
    inventory = tmp_path / "inventory"
    # 192.0.2.1 is reserved for documentation (RFC 5737): any attempt to connect would make the play fail.
    inventory.write_text("client01 ansible_connection=winrm ansible_host=192.0.2.1 ansible_user=x ansible_password=x\n")
    task = {
        "name": "Kit",
        "portkeeper.windows_dns.offline_kit": {"client": "acme", "dest": str(tmp_path / "carry")},
    }
    play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    checked = controller.playbook(play, inventory, "--check", "--diff").result("Kit")
    assert checked["changed"] is True and checked["written"] == ["README.txt", "collect.cmd"]
    assert "begin tcpip" in checked["diff"][1]["after"]
    assert not (tmp_path / "carry").exists()
    assert controller.playbook(play, inventory).result("Kit")["changed"] is True
    script = (tmp_path / "carry" / "acme" / "collect.cmd").read_bytes()
    assert script.isascii() and script.count(b"\n") == script.count(b"\r\n") > 50
    assert controller.playbook(play, inventory).result("Kit")["changed"] is False
    task["portkeeper.windows_dns.offline_kit"]["client"] = "../acme"
    refused = controller.playbook(play, inventory).result("Kit")
    assert refused["_kind"] == "failed" and "folder's name" in refused["msg"]
