# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the connection plugin ssh of the installed ansible-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.stand_in_ssh import StandIn


@pytest.fixture
def client(tmp_path: Path) -> StandIn:
    """Give the program in place of OpenSSH's client."""
    return StandIn(tmp_path)


@pytest.fixture
def plugin(client: StandIn, tmp_path: Path) -> Any:
    """Give a function that makes the connection plugin of the installed ansible-core, for the stand-in."""

    def make(**variables: Any) -> Any:
        made = connection_loader.get("ssh", PlayContext())
        options = {
            "ansible_host": "srv.example",
            "ansible_user": "Administrator",
            "ansible_ssh_executable": client.program,
            "ansible_control_path_dir": str(tmp_path / "cp"),
            "ansible_ssh_args": "",
            **variables,
        }
        made.set_options(var_options=options)
        return made

    return make
