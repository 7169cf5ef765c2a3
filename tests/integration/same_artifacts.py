# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the artifacts of one host that was reached under several names, each over another connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PORT_RESERVATIONS = "portkeeper.windows_dns.port_reservations"
POLICY = {"extra_ports": ["51820"], "socket_pool_size": 2500}
OF_THE_RUN = ("run_id", "call", "attempted", "collected", "machine_id", "backup")
"""What an artifact says of the run. Each change gives the host an identity, and its backup a name."""
OF_THE_HOST = ("collected", "machine")
"""The same in the facts: the host's clock, and its identity. Its name in the inventory is replaced everywhere."""


def task(name: str, folder: Path, **keywords: Any) -> dict[str, Any]:
    """Return a task that leaves an artifact in the folder of its name."""
    return {"name": name, PORT_RESERVATIONS: {**POLICY, "artifacts_dir": str(folder), "run_id": name}, **keywords}


def assert_equal(folder: Path, names: list[str]) -> None:
    """Assert that the artifacts in a folder are the same but for what is of the run, and that there is one for each."""
    paths = {path.stem: path for path in folder.glob("*.json")}
    assert sorted(paths) == sorted(names)
    first, *others = (_normalised(paths[name]) for name in names)
    assert first["host"] == "HOST" and first["outcome"] == "ok" and first["facts"] and first["plan"]
    for name, other in zip(names[1:], others, strict=True):
        assert other == first, f"{name} differs from {names[0]}"


def _normalised(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8").replace(path.stem, "HOST"))
    for part, names in ((content, OF_THE_RUN), (content["facts"], OF_THE_HOST)):
        for name in names:
            del part[name]
    return content
