# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook with worker processes that record the CPU time of their parts.

Usage: PORTKEEPER_PARTS=FILE python bench/timed.py ARGUMENTS OF ansible-playbook
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from ansible.cli.playbook import main
from ansible.executor.process import worker

OURS = "ansible_collections.portkeeper.windows_dns.plugins."
PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "action": ((f"{OURS}plugin_utils._tasks.action", "HostAction.run"),),
    "arguments": ((f"{OURS}plugin_utils._tasks.action", "checked_options"),),
    "session": ((f"{OURS}plugin_utils._connection.session", "Session.run"),),
    "close": (("ansible.plugins.connection.winrm", "Connection.close"),),
    "handshake": (("winrm.transport", "Transport.setup_encryption"),),
    "sealing": (
        ("winrm.encryption", "Encryption.prepare_encrypted_request"),
        ("winrm.encryption", "Encryption.parse_encrypted_response"),
    ),
    "facts": (
        (f"{OURS}plugin_utils._connection.exchange", "split_transcript"),
        (f"{OURS}plugin_utils._host.gather", "read_facts"),
        (f"{OURS}module_utils._facts.host", "Host.to_json"),
    ),
    "plan": ((f"{OURS}plugin_utils._tasks.action", "plan_host"),),
    "artifact": ((f"{OURS}plugin_utils._tasks.action", "_save_artifact"),),
}
"""By part: the functions whose time it is; those that a part holds are taken off by who reads the figures."""

taken: dict[str, float] = {}


def _time(module: str, path: str, part: str) -> None:
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for step in owners:
        owner = getattr(owner, step)
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def timed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the arguments and result of any function
        began = time.process_time()
        try:
            return inner(*arguments, **options)
        finally:
            taken[part] = taken.get(part, 0.0) + time.process_time() - began

    setattr(owner, name, timed)


def _watched(run: Any) -> Any:  # noqa: ANN401 - a method of ansible-core
    @functools.wraps(run)
    def watched(self: Any, *arguments: Any) -> Any:  # noqa: ANN401
        if f"{OURS}plugin_utils._tasks.action" in sys.modules:
            for part, functions in PARTS.items():
                for module, path in functions:
                    _time(module, path, part)
        began = time.process_time()
        try:
            return run(self, *arguments)
        finally:
            taken["worker"] = time.process_time() - began
            with Path(os.environ["PORTKEEPER_PARTS"]).open("a", encoding="utf-8") as log:
                log.write(json.dumps(taken) + "\n")

    return watched


if __name__ == "__main__":
    worker.WorkerProcess.run = _watched(worker.WorkerProcess.run)
    main()
