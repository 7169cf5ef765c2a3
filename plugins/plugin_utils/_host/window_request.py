# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the DNS window that a plan asks for from the latest facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ...module_utils._commands.lock_state import taken_at
from ...module_utils._commands.task import FAMILIES
from ...module_utils._commands.window import Window
from ...module_utils._facts.window_facts import left_down, owed, process_of_dns, running_dependents
from ...module_utils._plan.changes import Action
from .._connection.errors import HostFailure
from .exclusions import recorded_exclusions
from .gather import Gathered
from .lock import HostLock


def window_of(
    lock: HostLock, gathered: Gathered, action: Action, deadline: int, ignored: Collection[str] = ()
) -> Window:
    """Return the window that an action of the plan asks for.

    Args:
        lock: of the host, not taken yet.
        gathered: the reading that the plan was made from, in this session.
        action: the plan's ``dns_window``.
        deadline: seconds that it may take.
        ignored: services that are no longer waited for.

    Raises:
        HostFailure: what depends on DNS is not known or cannot be named.
    """
    exclusions, _left_out = recorded_exclusions(action.deferred, gathered.facts)
    earlier = left_down(gathered.facts, ignored, action.services_to_start)
    return Window(
        run=gathered.run,
        lock=lock.name,
        services_to_start=action.services_to_start,
        dependents=(*_dependents(gathered.facts), *earlier),
        exclusions=exclusions,
        deadline=deadline,
        until=taken_at(lock.name) + deadline,
        process=process_of_dns(gathered.facts),
        owed=owed(gathered.facts, ignored),
        task_file=gathered.facts["os"]["family"] in FAMILIES,
        services_to_restart=action.services_to_restart,
    )


def _dependents(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the services that stop with DNS.

    Raises:
        HostFailure: what depends on DNS is not known.
    """
    names = running_dependents(facts)
    if names is None:
        raise HostFailure(
            "No window was opened: the services that depend on DNS could not be read, and would stay stopped.",
            "restart",
        )
    return names
