# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give every test of an action its own controller home and clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import Clock, isolate


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Clock:
    """The time that passes for the actions."""
    return isolate(monkeypatch, tmp_path)
