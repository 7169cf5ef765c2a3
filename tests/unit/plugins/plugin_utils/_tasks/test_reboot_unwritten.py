# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is not rebooted before its values are written; a doubtful record does not prevent it."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.changes import (
    Change,
    Work,
    change_records,
    change_value,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import SETTINGS
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.reboot import unwritten


def ports(before: str, after: str) -> Change:
    return change_value(SETTINGS["reserved_ports"], {"type": "REG_SZ", "data": [before]}, [after], "")


def record(before: str | None, after: str) -> Change:
    return change_records({"reserved_ports": before}, {"reserved_ports": after}, "")


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        ([], []),
        ([ports("1-1", "2-2")], ["ReservedPorts"]),
        # The right data under a wrong type is not right.
        ([ports("2-2", "2-2")], ["ReservedPorts"]),
        ([record(None, "2-2")], ["the collection's own records"]),
        ([record("2-2", "2-2")], []),
    ],
)
def test_what_has_to_be_written_before_a_boot(entries: list[Change], names: list[str]) -> None:
    assert unwritten(Work(tuple(entries), ())) == names
