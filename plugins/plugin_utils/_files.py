# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write and read backups and artifacts on the controller, atomically and readable by their owner only."""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError

from ..module_utils._fleet.artifact import file_name as escaped
from ..module_utils._fleet.times import time_text
from ._writer import open_private, write_file

_STAMP = "%Y%m%dT%H%M%SZ"

RUN_ID = time.strftime(_STAMP, time.gmtime()) + f"-{os.getpid()}-{secrets.token_hex(4)}"
"""Names this call of ansible-playbook: the plugin is loaded there once, before the workers are forked. Second and
process are the same in containers that start together; the random digits are not."""

_NAME_BYTES_MAX = 255
"""What file systems take for one name."""

_ID_CHARACTERS = 32

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

BACKUP_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}")
"""Name of a backup: UTC time and the nonce of its run."""


def home() -> Path:
    """Return the collection's folder below ANSIBLE_HOME."""
    return Path(str(constants.config.get_config_value("ANSIBLE_HOME"))).expanduser() / "portkeeper"


def controller_id() -> str | None:
    """Return the id of the folder with the locks of restart groups, made once: who shares it shares the locks.

    None if it cannot be made or read.
    """
    with contextlib.suppress(OSError, ValueError), open_private(home() / "locks" / "id") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        known = stream.read(_ID_CHARACTERS + 1)
        if not re.fullmatch(rf"[0-9a-f]{{{_ID_CHARACTERS}}}", known):
            known = secrets.token_hex(_ID_CHARACTERS // 2)
            stream.seek(0)
            stream.truncate()
            stream.write(known)
        return known
    return None


def write_json(path: Path, content: Mapping[str, Any], durable: bool = True, base: Path | None = None) -> None:
    """Write JSON atomically, readable by its owner only; `durable` and `base` as for `write_file`.

    Raises:
        AnsibleError: the file could not be written.
    """
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
    write_text(path, text, durable=durable, base=base)


def write_text(path: Path, content: str, mode: int = 0o600, durable: bool = True, base: Path | None = None) -> None:
    """Write a file atomically.

    Args:
        path: the file; folders above it that are not there are made, for their owner only.
        content: its text, written as UTF-8.
        mode: its permissions.
        durable: as for `write_file`.
        base: as for `write_file`.

    Raises:
        AnsibleError: the file could not be written.
    """
    try:
        write_file(path, content.encode("utf-8"), mode, base, durable)
    except OSError as error:
        raise AnsibleError(f"The file {path} could not be written on the controller: {why_not(error)}.") from None


def why_not(error: OSError) -> str:
    """Return the reason why a file could not be written, for a message."""
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return f"{error.strerror} (one of our folders is a link, or not a folder)"
    return str(error.strerror)


@dataclass(frozen=True)
class BackupStore:
    """The backups of one host: a folder per host, a file per backup.

    Attributes:
        host: inventory name.
        folder: the policy's folder, None for the one below ANSIBLE_HOME.
        kept: how many backups stay, None for all.
    """

    host: str
    folder: str | None
    kept: int | None = None

    @property
    def base(self) -> Path:
        """The folder of all hosts."""
        return Path(self.folder) if self.folder else home() / "backups"

    @property
    def place(self) -> Path:
        """The host's folder."""
        return self.base / Path(escaped(self.host)).stem

    def path(self, backup_id: str) -> Path:
        """Return the path of one backup."""
        return self.place / f"{backup_id}.json"

    def new_id(self, run: str) -> str:
        """Return the id of the next backup: the time, but later than every existing backup.

        So the order of ids is that in which backups were made, also where the controller's clock was set back.

        Args:
            run: the nonce of the run that makes it.
        """
        newest = max((path.name.partition("-")[0] for path in self.paths()), default="")
        return f"{later_stamp(utc_now(), newest)}-{run}"

    def paths(self) -> list[Path]:
        """Return the paths of the host's backups, oldest first, by the time in their names and then of their files."""
        found = [path for path in self.place.glob("*.json") if BACKUP_NAME.fullmatch(path.stem)]
        return sorted(found, key=lambda path: (path.name.partition("-")[0], _written_at(path)))

    def prune(self, made: str) -> None:
        """Remove the oldest backups, except the one that was made now."""
        if self.kept is not None:
            for path in self.paths()[: -self.kept]:
                if path.stem != made:
                    with contextlib.suppress(OSError):
                        path.unlink()

    def save(self, backup_id: str, content: Mapping[str, Any]) -> Path:
        """Write a backup and return its path.

        Raises:
            AnsibleError: the file could not be written.
        """
        path = self.path(backup_id)
        write_json(path, content, base=self.base)
        return path


def utc_now() -> datetime.datetime:
    """Return the controller's time in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)


def now_text() -> str:
    """Return the controller's time as results and artifacts contain it."""
    return time_text(utc_now())


def later_stamp(now: datetime.datetime, newest: str) -> str:
    """Return the time for the name of a backup: now, but at least one second after the newest backup.

    Args:
        now: in UTC.
        newest: such a time; one that no calendar has says nothing.
    """
    with contextlib.suppress(ValueError, OverflowError):
        known = datetime.datetime.strptime(newest, _STAMP).replace(tzinfo=datetime.timezone.utc)
        now = max(now, known + datetime.timedelta(seconds=1))
    return now.strftime(_STAMP)


def _written_at(path: Path) -> int:
    """Return when a file was written, to order two of the same second. One that was just removed is treated as old."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def artifact_path(artifacts_dir: str, run_id: str | None, host: str) -> Path:
    """Return the path of the artifact of one host in one run.

    Args:
        artifacts_dir: the policy's folder.
        run_id: the policy's name of the run, None for RUN_ID.
        host: inventory name.
    """
    return Path(artifacts_dir) / safe_run_id(run_id) / escaped(host)


def safe_run_id(run_id: str | None) -> str:
    """Return the run's name, which is also a folder's name; RUN_ID for None.

    Raises:
        AnsibleError: it could lead elsewhere.
    """
    name = run_id or RUN_ID
    if name in (".", "..") or "/" in name or "\\" in name:
        raise AnsibleError(f"run_id {name!r} is used as a folder's name and must not hold a path.")
    return usable_path("run_id", name)


def usable_path(option: str, path: str) -> str:
    """Return the user's path if it can be one. Other errors appear when it is used.

    Raises:
        AnsibleError: it holds a control character, or a name that is too long for any file system.
    """
    if _CONTROL.search(path):
        raise AnsibleError(f"{option} {path!r} holds a control character.")
    if any(len(os.fsencode(name)) > _NAME_BYTES_MAX for name in path.split("/")):
        raise AnsibleError(f"{option} holds a name of more than {_NAME_BYTES_MAX} bytes.")
    return path
