# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host at a time: a restart group on the controller, with a marker that stops the rest after a failure."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._artifact import file_name as escaped
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._errors import HostFailure, Phase
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import RUN_ID, home, private_folder

WHOLE_PLAY = "play"
"""Name of the group of all hosts that name none."""


@contextlib.contextmanager
def turn(group: str | None, host: str, phase: Phase = "restart", folder: Path | None = None) -> Iterator[float]:
    """Waits until no other member of the group is at work; yields the seconds waited.

    Any error of the work leaves the marker, which is valid for this call of ansible-playbook.

    Args:
        group: the policy's name of the group.
        host: inventory name, for the marker.
        phase: what to say if the turn does not come.
        folder: where locks and markers lie; the one below ANSIBLE_HOME by default.

    Raises:
        HostFailure: an earlier member failed.
        AnsibleError: the lock file cannot be made.
    """
    name = Path(str(escaped(group or WHOLE_PLAY))).stem
    where = folder or home() / "locks"
    marker = where / f"{name}-{RUN_ID}.failed"
    began = time.monotonic()
    try:
        private_folder(where)
        stream = (where / f"{name}.lock").open("a", encoding="utf-8")
    except OSError as error:
        raise AnsibleError(f"The lock of the restart group could not be made in {where}: {error.strerror}.") from None
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if marker.exists():
            raise HostFailure(
                f"Not started: {marker.read_text(encoding='utf-8').strip()} failed before in the same restart group.",
                phase,
            )
        try:
            yield time.monotonic() - began
        except BaseException:
            marker.write_text(host, encoding="utf-8")
            raise
