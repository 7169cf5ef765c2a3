# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the services that prevent a window or a reboot, because they could not be started again."""

from __future__ import annotations

from .._facts.host import Host, Service
from .._problems import in_number, listed, shown
from .._windows.service_states import DISABLED, STOPPED
from .._windows.settings import DNS_SERVICE


def stop_refusals(host: Host) -> list[str]:
    """Return why DNS must not be stopped or the host rebooted, one phrase per reason, DNS first; none if it may.

    Args:
        host: its facts hold the Start of DNS and of all that depends on it.
    """
    if host.dns_installed is False:
        return []
    stopped = [host.dns_service or Service(DNS_SERVICE)]
    dependents = host.dns.get("dependents") or ()
    stopped += [host.service(name) or Service(name) for name in dependents if isinstance(name, str)]
    named: dict[str, list[str]] = {}
    for service in stopped:
        if reason := _refusal(service):
            named.setdefault(reason, []).append(shown(service.name))
    return [in_number(reason, len(names) > 1).format(names=listed(names)) for reason, names in named.items()]


def refusal_of(host: Host) -> str:
    """Return the reasons in one phrase for a message; empty if DNS may be stopped."""
    reasons = stop_refusals(host)
    return f"{'; '.join(reasons)}, and nothing is stopped that could not be started again" if reasons else ""


def _refusal(service: Service) -> str | None:
    if service.state == STOPPED:
        return None
    if service.state is None:
        return "the state of {names} could not be read"
    if service.start is None:
        return "the start [type|types] of {names} could not be read"
    return "{names} [is|are] disabled (Start 4)" if service.start == DISABLED else None
