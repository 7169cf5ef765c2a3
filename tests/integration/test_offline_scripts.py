# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apply.cmd and rollback.cmd run on lab hosts with only their cmd, from collecting to the rollback."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone

import pytest
import winrm.protocol
import yaml

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.script import (
    ALREADY,
    CHANGED,
    DONE,
    INCOMPLETE,
    NOT_WRITTEN,
    WRONG_HOST,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    REG_MULTI_SZ,
    encode_reg,
    read_reg,
    render_reg,
    text_value,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._offline.hosts import Carried
from carrier import TCPIP, Carrier, carrier
from portkeeper_lab.control import ask_once

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
TOOLS_OF_LATER_RELEASES = ("reg", "sc", "tasklist")


@pytest.fixture(scope="module")
def person(lab_host) -> Carrier:
    """Carries files to and from an SBS 2003 host."""
    return carrier(lab_host, "SBS2003")


@pytest.fixture(scope="module")
def first(person) -> Carried:
    """The plan of the host as it is delivered, carried to it."""
    made = person.collect()
    person.carry(made)
    return made


def test_another_computer_changes_nothing(person, first) -> None:
    before = person.registry()
    for name in ("apply.cmd", "rollback.cmd"):
        script = first.files[name].replace(b'"%COMPUTERNAME%"=="SBS2003"', b'"%COMPUTERNAME%"=="SBS2004"')
        (person.folder / f"other-{name}").write_bytes(script)
        assert person.run(f"other-{name}")[0] == WRONG_HOST
    assert person.registry() == before


def test_without_the_data_files_nothing_is_changed(person, first) -> None:
    before = person.registry()
    (person.folder / "SBS2003-rollback.reg.data").unlink()
    assert person.run("apply.cmd")[0] == NOT_WRITTEN
    assert person.registry() == before
    person.carry(first)


@pytest.mark.parametrize("other", ["3343-3343,5000-5000", "3343-3344", "3343-3343,"])
def test_after_somebody_else_s_change_nothing_is_changed(person, first, other: str) -> None:
    person.host.exec(f'reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /s , /d "{other}" /f')
    if other.endswith(","):  # the same entries in other bytes
        person.host.exec(
            rf"echo REGEDIT4>C:\carry\odd.reg&echo [{TCPIP.replace('HKLM', 'HKEY_LOCAL_MACHINE')}]>>C:\carry\odd.reg"
        )
        with (person.folder / "odd.reg").open("ab") as stream:
            stream.write(b'"ReservedPorts"=hex(7):33,33,34,33,2d,33,33,34,33,00,00,00\r\n')
        person.host.exec(r"reg import C:\carry\odd.reg")
    before = person.registry()
    for script in ("apply.cmd", "rollback.cmd"):
        code, said = person.run(script)
        assert code == CHANGED and "collect.cmd" in said
    assert person.registry() == before
    person.host.exec(f'reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /s , /d "3343-3343" /f')


def test_without_rights_nothing_is_changed(person, first) -> None:
    before = person.registry()
    (variables,) = yaml.safe_load(person.host.inventory.read_text(encoding="utf-8"))["all"]["hosts"].values()
    endpoint = f"http://127.0.0.1:{variables['ansible_port']}/wsman"
    session = winrm.protocol.Protocol(endpoint, "ntlm", "Clerk", "Lab-Passw0rd-2", message_encryption="always")
    shell = session.open_shell()
    command = session.run_command(shell, r"C:\carry\apply.cmd /q")
    output, _errors, code = session.get_command_output(shell, command)
    session.close_shell(shell)
    assert code == NOT_WRITTEN and b"administrator" in output
    assert person.registry() == before


def test_from_the_first_collection_to_the_rollback(person, first) -> None:
    original = person.exported()
    assert first.plan.status == "conflict" and original != b""
    code, said = person.run("apply.cmd")
    assert code == DONE and "Restart this server" in said
    again = person.collect()
    assert again.plan.settings == () and again.plan.status == "pending_reboot"
    assert again.plan.live_conflicts == [] and list(again.files) == ["plan.txt"]
    assert person.run("apply.cmd")[0] == ALREADY
    person.host.reboot()
    restarted = person.collect()
    assert restarted.plan.in_sync is True and restarted.plan.live_conflicts == []
    kept = person.folder.parent / "windows" / "portkeeper" / "carried" / "SBS2003-1.reg.data"
    assert kept.read_bytes() == first.files["SBS2003-rollback.reg.data"]
    assert person.run("rollback.cmd")[0] == DONE
    assert person.exported() == original
    assert person.run("rollback.cmd")[0] == ALREADY
    # A second time: the old file of old values stays.
    assert person.run("apply.cmd")[0] == DONE
    assert sorted(path.name for path in kept.parent.iterdir()) == ["SBS2003-1.reg.data", "SBS2003-2.reg.data"]
    assert person.run("rollback.cmd")[0] == DONE
    assert person.exported() == original


def test_the_data_file_of_another_host_is_taken_out_again(person, first) -> None:
    original = person.exported()
    name = "SBS2003-apply.reg.data"
    foreign = first.files[name].replace("31,00".encode("utf-16-le"), "32,00".encode("utf-16-le"))
    (person.folder / name).write_bytes(foreign)
    code, said = person.run("apply.cmd")
    assert code == NOT_WRITTEN and "imported again" in said
    assert person.exported() == original
    person.carry(first)


def test_a_service_that_stays_down_is_said_and_tried_again(person, first) -> None:
    person.host.exec("net stop IAS & sc config IAS start= disabled")
    code, said = person.run("apply.cmd")
    assert code == INCOMPLETE and '"IAS" does not run' in said and "PolicyAgent" not in said
    code, said = person.run("apply.cmd")
    assert code == INCOMPLETE and "in place already" in said
    person.host.exec("sc config IAS start= auto")
    assert person.run("apply.cmd")[0] in (DONE, ALREADY)
    assert person.collect().plan.live_conflicts == []
    assert person.run("rollback.cmd")[0] == DONE


@pytest.mark.parametrize(("dialect", "signature"), [(DIALECT_4, b"REGEDIT4"), (DIALECT_5, b"\xff\xfe")])
def test_regedit_itself_takes_the_data_files_of_both_dialects(person, dialect: str, signature: bytes) -> None:
    made = person.collect()
    before = made.facts["settings"]["reserved_ports"]["data"]
    raw = "".join(f"{entry}\0" for entry in ["3343-3343", "7000-7010", ""]).encode("utf-16-le")
    key = TCPIP.replace("HKLM", "HKEY_LOCAL_MACHINE")
    content = encode_reg(render_reg({key: {"ReservedPorts": (REG_MULTI_SZ, raw)}}, dialect), dialect)
    assert content.startswith(signature)
    (person.folder / "taken.reg.data").write_bytes(content)
    person.host.exec(r"regedit /s C:\carry\taken.reg.data", check=False)
    assert person.collect().facts["settings"]["reserved_ports"]["data"] == ["3343-3343", "7000-7010"]
    person.host.exec(f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /s , /d {','.join(before)} /f")


@pytest.fixture
def windows_2000(person) -> Iterator[Callable[[bytes], bytes]]:
    """Takes away the programs that Windows 2000 lacks; gives what makes a transcript one of Windows 2000."""
    system32 = person.folder.parent / "windows" / "system32"
    hidden = [system32 / f"{tool}.exe" for tool in TOOLS_OF_LATER_RELEASES]
    for path in hidden:
        path.rename(path.with_suffix(".hidden"))

    def as_2000(transcript: bytes) -> bytes:
        without_pids = re.sub(rb"(UDP +\S+ +\*:\*) +[0-9]+", rb"\1", transcript)
        return re.sub(rb"5\.2\.3790", b"5.00.2195", without_pids)

    yield as_2000
    for path in hidden:
        path.with_suffix(".hidden").rename(path)


def test_windows_2000_gets_the_ansi_dialect_and_a_record_of_regedit(person, windows_2000) -> None:
    made = person.collect(change=windows_2000)
    assert made.facts["os"]["nt"] == "5.0"
    assert made.files["SBS2003-apply.reg.data"].startswith(b"REGEDIT4\r\n")
    plan = made.files["plan.txt"].decode("ascii")
    assert "services_unreadable" in plan and "sockets_without_pid" in plan
    assert made.plan.status == "unknown"
    assert {need.service for need in made.plan.needs} >= {"ipsec", "ias"}
    person.carry(made)
    assert person.run("apply.cmd")[0] == DONE
    again = person.collect(change=windows_2000)
    assert not [change for change in again.plan.settings if change.id == "reserved_ports"]
    assert again.facts["settings"]["reserved_ports"]["data"] == made.plan.settings[0].after
    own = r"HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper\state"
    person.host.exec(rf'regedit /e C:\carry\own.reg "{own}"', check=False)
    state = read_reg((person.folder / "own.reg").read_bytes()).values(rf"{own}\reserved_ports")
    assert state == {
        "value": text_value(",".join(made.plan.settings[0].after)),
        "boot_mark": text_value(made.facts["boot_mark"].lower()),
    }
    # This type leaves UTF-16 as it is, so a transcript does not prove that our key was read whole.
    assert again.facts["state"]["settings"] == {}
    assert list(again.files) == ["plan.txt"] and b"There is nothing to write" in again.files["plan.txt"]
    person.carry(made)
    assert person.run("apply.cmd")[0] == ALREADY
    assert person.run("rollback.cmd")[0] == DONE
    assert person.collect(change=windows_2000).facts["settings"]["reserved_ports"]["data"] == ["3343-3343"]


def test_a_host_in_block_mode_comes_back_by_the_files_alone(make_host) -> None:
    host = carrier(make_host("sbs2003-block"), "SBSBLOCK")
    assert ask_once(host.host.name, {"op": "info"})["state"] == "blocked"
    made = host.collect()
    host.carry(made)
    code, said = host.run("apply.cmd")
    assert code == DONE, said
    assert host.host.becomes("up")
    host.host.reboot()
    assert host.host.becomes("up")
    assert host.collect().plan.in_sync is True


def test_excluded_ports_of_netsh_come_and_go(make_host) -> None:
    host = carrier(make_host("2008"), "SRV2008")
    made = host.collect({"use_netsh": True})
    host.carry(made)
    code, said = host.run("apply.cmd")
    assert code == DONE, said
    again = host.collect({"use_netsh": True})
    assert again.plan.in_sync is True and again.plan.live_conflicts == []
    assert host.run("apply.cmd")[0] == ALREADY
    assert host.run("rollback.cmd")[0] == DONE
    assert host.collect({"use_netsh": True}).facts["exclusions"] == made.facts["exclusions"]


def test_a_service_that_runs_without_its_port_is_restarted_by_the_files_alone(make_host) -> None:
    host = carrier(make_host("2016"), "DC2016")
    host.host.exec(rf"reg add {SERVICES}\BESClient\Lab /v OnConflict /t REG_SZ /d ignore /f & net start BESClient")
    options = {"restart_services": ["BESClient"]}
    before = host.host.pid("BESClient")
    made = host.collect(options)
    assert [row.port for row in made.plan.live_conflicts] == [52311]
    host.carry(made)
    code, said = host.run("apply.cmd")
    assert code == DONE, said
    assert host.host.pid("BESClient") != before
    again = host.collect(options)
    assert again.plan.status == "safe" and again.plan.live_conflicts == []
    assert host.run("apply.cmd")[0] == ALREADY


def test_the_kit_plans_for_a_folder_of_transcripts(controller, person, first, tmp_path) -> None:
    folder = tmp_path / "transcripts"
    folder.mkdir()
    transcript = (person.folder / "SBS2003.txt").read_bytes()
    (folder / "one.txt").write_bytes(transcript)
    carried = datetime(2026, 11, 20, 21, 30, tzinfo=timezone.utc).timestamp()
    os.utime(folder / "one.txt", (carried, carried))
    (folder / "two.txt").write_bytes(transcript.replace(b"SBS2003", b"OTHER-1"))
    options = {
        "client": "acme",
        "dest": str(tmp_path / "carry"),
        "transcripts": str(folder),
        "artifacts_dir": str(tmp_path / "artifacts"),
        "run_id": "carried",
    }
    play = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [{"name": "Kit", "portkeeper.windows_dns.offline_kit": options}],
        }
    ]
    inventory = tmp_path / "inventory"
    inventory.write_text("localhost ansible_connection=local\n")
    made = controller.playbook(play, inventory).result("Kit")
    assert [row["host"] for row in made["hosts"]] == ["OTHER-1", "SBS2003"]
    assert (tmp_path / "carry" / "acme" / "OTHER-1" / "OTHER-1-apply.reg.data").is_file()
    assert b'"%COMPUTERNAME%"=="OTHER-1"' in (tmp_path / "carry" / "acme" / "OTHER-1" / "apply.cmd").read_bytes()
    artifact = json.loads((tmp_path / "artifacts" / "carried" / "SBS2003.json").read_text(encoding="utf-8"))
    assert artifact["host"] == "SBS2003" and artifact["plan"]["settings"]
    # A transcript's own clock is in its country's way of writing; the file's time is the age that reports can compare.
    assert artifact["collected"] == "2026-11-20T21:30:00Z"
    assert artifact["facts"]["collected"] and artifact["would_change"] is True and artifact["changed"] is False
    assert controller.playbook(play, inventory).result("Kit")["changed"] is False
    (folder / "three.txt").write_bytes(transcript)
    refused = controller.playbook(play, inventory).result("Kit")
    assert refused["_kind"] == "failed" and "same computer" in refused["msg"]
