# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lean lab host, and an inventory for each connection to a lab host."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from checkout import CHECKOUT

QUICK = CHECKOUT / "tests" / "faults" / "scenarios" / "nt6.toml"
"""A host with few services and sockets. DNS holds a port of one service, until the first run cures it."""


def inventory(host: Any, folder: Path, connection: str) -> Path:
    """Write an inventory; the files of ssh lie beside it, where the controller can read them from anywhere."""
    variables = host.variables(connection)
    if connection == "ssh":
        source = Path(variables["ansible_ssh_private_key_file"]).parent
        kept = Path(shutil.copytree(source, folder / "ssh", ignore=lambda _, names: {n for n in names if n == "relay"}))
        variables = {name: str(value).replace(str(source), str(kept)) for name, value in variables.items()}
        variables["ansible_ssh_args"] = ""
    path = folder / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {host.name: variables}}}), encoding="utf-8")
    return path
