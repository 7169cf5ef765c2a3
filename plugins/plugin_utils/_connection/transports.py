# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the transport of a connection plugin, and refuse plugins that have none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError

from .interfaces import ConnectionPlugin, Transport, TransportOptions
from .psrp import Psrp, psrp_refusal
from .ssh import SSH
from .winrm import WinRM, winrm_refusal


@dataclass(frozen=True)
class _Row:
    """The transport of one connection plugin.

    Attributes:
        transport: makes the transport of a session.
        refusal: says why a host cannot be reached with the plugin's options; empty if it can, by default always.
    """

    transport: Callable[[Any, TransportOptions], Transport]
    refusal: Callable[[ConnectionPlugin], str] = lambda _connection: ""


TRANSPORTS: Mapping[str, _Row] = {
    "winrm": _Row(WinRM, winrm_refusal),
    "psrp": _Row(Psrp, psrp_refusal),
    "ssh": _Row(SSH),
}
"""By connection plugin, as it calls itself."""


def new_transport(connection: ConnectionPlugin, options: TransportOptions) -> Transport:
    """Create the transport of a connection plugin that `refuse_foreign` has accepted."""
    return TRANSPORTS[connection.transport].transport(connection, options)


def refuse_foreign(connection: Any, host: str) -> None:  # noqa: ANN401 (any connection plugin)
    """Refuse a connection plugin without a transport, and options that its transport cannot use.

    Raises:
        AnsibleError: another connection plugin, such options, or `become` is on.
    """
    plugin = str(getattr(connection, "transport", None))
    if plugin not in TRANSPORTS:
        # A host may have this one although the user did not choose it.
        reason = ", which runs on the controller" if plugin == "local" else ""
        raise AnsibleError(
            f"{host}: the modules of portkeeper.windows_dns need the connection plugin {_listed(TRANSPORTS)}, not"
            f" {plugin}{reason}: set ansible_connection=winrm, =psrp or =ssh for this host."
        )
    if getattr(connection, "become", None) is not None:
        raise AnsibleError(
            f"{host}: become is not supported by the modules of portkeeper.windows_dns: log on as an administrator of"
            " the host instead."
        )
    refusal = TRANSPORTS[plugin].refusal(connection)
    if refusal:
        raise AnsibleError(f"{host}: {refusal}")


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"
