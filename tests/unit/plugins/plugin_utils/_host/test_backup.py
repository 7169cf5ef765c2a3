# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup then rollback restores every value that `reg export` can express, or nothing is written at all."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.host_backup import as_wide
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import SettingWrite
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import split_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    DIALECT_5,
    REG_DWORD,
    REG_MULTI_SZ,
    REG_SZ,
    SIGNATURES,
    RawValue,
    encode_reg,
    read_reg,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import SETTINGS
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import BackupStore, later_stamp
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.backup import (
    BackupError,
    backup_content,
    exact_values,
    restore_lines,
    same_value,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.backup_read import (
    all_backups,
    backups_since,
    read_backup,
    shown_value,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.rollback import plan_rollback
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import facts

RUN = "0123456789abcdef"
ID = f"20261123T160000Z-{RUN}"
MACHINE = "0123456789abcdef" * 2
LABELS = {"reserved_ports": "tcpip", "socket_pool_size": "dns", "socket_pool_excluded_port_ranges": "dns"}

texts = st.text(st.characters(exclude_characters="\0"), max_size=12)
values = st.one_of(
    st.none(),
    st.binary(min_size=4, max_size=4).map(lambda raw: (REG_DWORD, raw)),
    texts.map(lambda text: (REG_SZ, f"{text}\0".encode("utf-16-le", "surrogatepass"))),
    st.lists(texts, max_size=5).map(
        lambda entries: (
            REG_MULTI_SZ,
            "".join(f"{entry}\0" for entry in [*entries, ""]).encode("utf-16-le", "surrogatepass"),
        )
    ),
    st.tuples(st.integers(0, 11).filter(lambda kind: kind not in (REG_SZ, REG_DWORD)), st.binary(max_size=60)),
)


def exported(name: str, value: RawValue | None) -> str:
    """Return the text of `reg export` of a key with this value and one of somebody else."""
    place = SETTINGS[name]
    lines = [SIGNATURES[DIALECT_5], "", f"[{place.key.replace('HKLM', 'HKEY_LOCAL_MACHINE')}]", '"Hostname"="client01"']
    if value is not None:
        kind, raw = value
        digits = ",".join(f"{byte:02x}" for byte in raw)
        if kind == REG_DWORD:
            data = f"dword:{int.from_bytes(raw, 'little'):08x}"
        elif kind == REG_SZ:
            text = raw.decode("utf-16-le", "surrogatepass")[:-1]
            data = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        else:
            data = f"hex{'' if kind == 3 else f'({kind:x})'}:{digits}"
        lines.append(f'"{place.value_name}"={data}')
    return "\r\n".join([*lines, "", ""])


def answered(name: str, value: RawValue | None) -> bytes:
    """Return the section as it comes through a console of code page 437."""
    mark = f"#portkeeper {RUN} %s export_{LABELS[name]}"
    return f"#portkeeper transcript 1 {RUN}\r\n{mark % 'begin'}\r\n{exported(name, value)}{mark % 'end'} 0\r\n".encode(
        "cp437", "replace"
    )


def imported(lines: list[str], name: str) -> dict[str, RawValue]:
    """Return what an import of these lines writes, as Windows reads files of either dialect."""
    wide = lines[0] == SIGNATURES[DIALECT_5]
    text = "\r\n".join([lines[0], "", *as_wide(lines)] if wide else lines) + "\r\n"
    content = encode_reg(text) if wide else text.encode("ascii")
    return read_reg(content).values(SETTINGS[name].key.replace("HKLM", "HKEY_LOCAL_MACHINE")) or {}


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(sorted(LABELS)), value=values, shows=st.booleans())
def test_backup_then_rollback_restores_it(tmp_path_factory: pytest.TempPathFactory, name, value, shows) -> None:
    change = SettingWrite(name, 2500 if name == "socket_pool_size" else ("1-1",))
    try:
        found = exact_values(split_transcript(answered(name, value)), [change])
    except BackupError:
        assert value is not None and value[0] == REG_SZ, "only text that the console cannot show is refused"
        return
    assert found == {name: value}
    facts = {"computer_name": "CLIENT01", "boot_mark": None, "dns": {"pid": 4}, "settings": {}}
    identity = {"id": ID, "host": "client01", "host_folder": "folder"}
    content = backup_content(identity, [change], found, facts, {name: value} if shows else {})
    path = Path(tmp_path_factory.getbasetemp()) / f"{ID}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    (row,) = read_backup(path).rows
    assert row.before == value
    shown_value(row.before)
    lines = restore_lines({name: row.before})
    assert all(line.isascii() for line in lines)
    back = imported(lines, name)
    if value is None:
        assert any(line == f'"{SETTINGS[name].value_name}"=-' for line in lines)
    else:
        assert back == {SETTINGS[name].value_name: value}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        (None, (7, b""), False),
        ((7, b"1\0\0\0"), (7, b"1\0\0\0\0\0"), True),
        ((7, b"1\0\0\0"), (1, b"1\0\0\0"), False),
        ((7, b"1\0\0\0"), (7, b"2\0\0\0"), False),
        ((4, b"\0\0\0\0"), (4, b"\1\0\0\0"), False),
    ],
)
def test_the_same_value(one, other, same: bool) -> None:
    assert same_value(one, other) is same


def shelf_with(folder: Path, *contents: dict) -> BackupStore:
    backups = BackupStore("client01", str(folder), 2)
    for number, content in enumerate(contents):
        identity = f"20261123T16000{number}Z-{RUN}"
        whole = {"format": 1, "id": identity, "host": "client01", "host_folder": "f", "settings": [],
                 "machine_id": MACHINE, **content}  # fmt: skip
        backups.save(identity, whole)
    return backups


def test_the_last_backup_is_the_last_change(tmp_path: Path) -> None:
    backups = shelf_with(tmp_path, {"kind": "change"}, {"kind": "change"}, {"kind": "rollback"})
    assert [backup.id[14:16] for backup in backups_since(backups, None).found] == ["1Z", "2Z"]
    assert [backup.id[14:16] for backup in backups_since(backups, f"20261123T160002Z-{RUN}").found] == ["2Z"]
    with pytest.raises(BackupError, match="newest are"):
        backups_since(backups, "another")
    with pytest.raises(BackupError, match="no backup"):
        backups_since(BackupStore("other", str(tmp_path)), None)


def damaged(backups: BackupStore, number: int) -> str:
    """Cut the backup of that number and return its file's name."""
    path = backups.paths()[number]
    path.write_text("", encoding="utf-8")
    return path.name


def test_an_older_file_that_cannot_be_read_blocks_nothing(tmp_path: Path) -> None:
    backups = shelf_with(tmp_path, {}, {}, {})
    name = damaged(backups, 0)
    assert [backup.id[14:16] for backup in backups_since(backups, None).found] == ["2Z"]
    assert not backups_since(backups, f"20261123T160001Z-{RUN}").unreadable
    assert len(all_backups(backups).found) == 2 and name in all_backups(backups).unreadable[0]


def test_a_later_file_that_cannot_be_read_is_named_and_can_be_forced(tmp_path: Path) -> None:
    backups = shelf_with(tmp_path, {}, {}, {})
    name = damaged(backups, 2)
    for chosen in (None, f"20261123T160001Z-{RUN}"):
        way = plan_rollback(backups, chosen, facts(machine={"id": MACHINE}))
        assert way.backup.id[14:16] == "1Z"
        assert way.refusal and name in way.refusal and "not known" in way.refusal
    with pytest.raises(BackupError, match="cannot be read"):
        backups_since(backups, f"20261123T160002Z-{RUN}")
    for number in range(2):
        damaged(backups, number)
    with pytest.raises(BackupError, match="cannot be read"):
        backups_since(backups, None)


def test_the_oldest_go(tmp_path: Path) -> None:
    backups = shelf_with(tmp_path, {}, {}, {})
    (backups.place / "notes.json").write_text("{}", encoding="utf-8")
    backups.prune("none")
    assert [path.stem[14:16] for path in backups.paths()] == ["1Z", "2Z"]
    assert (backups.place / "notes.json").exists()


@pytest.mark.parametrize(
    ("backup", "machine", "refused"),
    [
        (MACHINE, MACHINE, None),
        (MACHINE, "f" * 32, "is not the machine"),
        (MACHINE, None, "no machine id"),
        (None, MACHINE, "no machine id"),
        ("garbage", MACHINE, "no machine id"),
    ],
)
def test_a_backup_belongs_to_a_machine(
    tmp_path: Path, backup: str | None, machine: str | None, refused: str | None
) -> None:
    """Two clients have a server of the same name, in the inventory and of their own."""
    backups = shelf_with(tmp_path, {"machine_id": backup, "computer_name": "SBS01"})
    way = plan_rollback(backups, None, facts(computer_name="SBS01", machine={"id": machine}))
    assert (refused is None) is (way.refusal is None)
    assert refused is None or refused in str(way.refusal)


def test_a_clock_that_was_set_back_takes_no_backup_away(tmp_path: Path) -> None:
    backups = BackupStore("client01", str(tmp_path), 2)
    for number in range(3):
        backups.save(f"2099010{number + 1}T000000Z-{number:016x}", {})
    made = backups.new_id(RUN)
    assert made == f"20990103T000001Z-{RUN}", "ids grow, whatever the clock says"
    backups.save(made, {})
    backups.prune(made)
    assert [path.stem for path in backups.paths()] == ["20990103T000000Z-0000000000000002", made]
    old = f"20260101T000000Z-{RUN}"
    backups.save(old, {})
    backups.prune(old)
    assert backups.path(old).exists(), "never the one that this run has made"


def test_a_file_that_goes_away_meanwhile_does_not_stop_a_backup(tmp_path: Path) -> None:
    """Another run removes old backups at the same time; one that is there no more cannot be looked at."""
    backups = BackupStore("client01", str(tmp_path), 1)
    newest = backups.save("20990103T000000Z-" + "1" * 16, {})
    gone = backups.path("20990101T000000Z-" + "0" * 16)
    gone.symlink_to(tmp_path / "nowhere")
    assert backups.paths() == [gone, newest]
    backups.path("20990102T000000Z-" + "0" * 16).mkdir()
    made = backups.new_id(RUN)
    saved = backups.save(made, {})
    backups.prune(made)
    assert saved.exists() and not newest.exists()


@pytest.mark.parametrize("newest", ["", "20269999T999999Z", "99991231T235959Z"])
def test_a_time_that_no_calendar_has_does_not_stop_a_backup(newest: str) -> None:
    now = datetime.datetime(2026, 11, 23, 16, 0, 0, tzinfo=datetime.timezone.utc)
    assert later_stamp(now, newest) == "20261123T160000Z"


@pytest.mark.parametrize(
    "row",
    [
        {"setting": "reserved_ports", "key": r"HKLM\SOFTWARE\Other", "value_name": "ReservedPorts", "absent": True},
        {"setting": "reserved_ports"},
        {"setting": "reserved_ports", "key": SETTINGS["reserved_ports"].key, "value_name": "ReservedPorts",
         "absent": False, "type_number": "7", "hex": "00", "after": []},
        {"setting": "reserved_ports", "key": SETTINGS["reserved_ports"].key, "value_name": "ReservedPorts",
         "absent": False, "type_number": 7, "hex": "zz", "after": []},
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_refused(tmp_path: Path, row: dict) -> None:
    backups = shelf_with(tmp_path, {"settings": [row]})
    with pytest.raises(BackupError, match="cannot be read"):
        backups_since(backups, None)
