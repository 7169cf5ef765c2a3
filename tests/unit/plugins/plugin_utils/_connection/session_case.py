# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions on a host in memory: what the tests of all transports share."""

from __future__ import annotations

from typing import Any

from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import collector_line

LINE = collector_line("0123456789abcdef")


class Clock:
    """Seconds that pass only when the session looks."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def named(name: str, **attributes: Any) -> Exception:
    """Return an exception with the name and the attributes of one of the library's."""
    error = type(name, (Exception,), {})("text of " + name)
    for key, value in attributes.items():
        setattr(error, key, value)
    return error


def loaded(plugin: str, variables: dict[str, Any]) -> Any:
    """Return the connection plugin of the installed ansible-core, with the variables of a host."""
    own = {name: value for name, value in variables.items() if name.startswith("ansible_winrm_")}
    made = connection_loader.get(plugin, PlayContext())
    made.set_options(var_options={**variables, "_extras": own if plugin == "winrm" else {}})
    return made


def run(session: Any, **options: Any) -> Any:
    return session.run(LINE, **{"phase": "read", "timeout": 60, **options})
