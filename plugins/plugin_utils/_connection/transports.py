# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the transport of a connection plugin, and refuse plugins that have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleError

from .interfaces import Transport, TransportOptions
from .winrm import WinRM

TRANSPORTS: Mapping[str, Callable[[Any, TransportOptions], Transport]] = {"winrm": WinRM}
"""By connection plugin, as it calls itself."""


def refuse_foreign(connection: Any, host: str) -> None:  # noqa: ANN401 (any connection plugin)
    """Refuses a connection plugin that has no transport.

    Args:
        connection: the task's connection plugin.
        host: inventory name, for the message.

    Raises:
        AnsibleError: another connection plugin, or `become` is on.
    """
    transport = getattr(connection, "transport", None)
    if transport not in TRANSPORTS:
        raise AnsibleError(
            f"{host}: the modules of portkeeper.windows_dns need the connection plugin winrm, not {transport}: set"
            " ansible_connection=winrm for this host and do not delegate the task elsewhere."
        )
    if getattr(connection, "become", None) is not None:
        raise AnsibleError(
            f"{host}: become is not supported by the modules of portkeeper.windows_dns: log on as an administrator of"
            " the host instead."
        )
