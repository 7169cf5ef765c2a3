# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is stopped that cannot be started again: which services stand in the way of a window or a reboot."""

from __future__ import annotations

from .._facts.host import (
    DISABLED,
    DNS_SERVICE,
    STOPPED,
    Host,
    Service,
)
from .._problems import shown


def stop_refusals(host: Host) -> list[str]:
    """Why DNS must not be stopped, and the host not rebooted, a phrase per service, DNS first; none where it may.

    Args:
        host: its facts hold the Start of DNS and of all that depends on it.
    """
    if host.dns_installed is False:
        return []
    stopped = [host.dns_service or Service(DNS_SERVICE, None, None, None, None, False)]
    stopped += [
        host.service(name) or Service(name, None, None, None, None, False)
        for name in host.dns.get("dependents") or ()
        if isinstance(name, str)
    ]
    return [
        phrase
        for service in stopped
        if service.state != STOPPED
        for phrase in (_refusal(service),)
        if phrase is not None
    ]


def refusal_of(host: Host) -> str:
    """The same in one phrase for a message; empty where DNS may be stopped."""
    reasons = stop_refusals(host)
    return f"{'; '.join(reasons)}, and nothing is stopped that could not be started again" if reasons else ""


def _refusal(service: Service) -> str | None:
    name = shown(service.name)
    if service.state is None:
        return f"the state of {name} could not be read"
    if service.start is None:
        return f"how {name} is started could not be read"
    return f"{name} is disabled (Start 4)" if service.start == DISABLED else None
