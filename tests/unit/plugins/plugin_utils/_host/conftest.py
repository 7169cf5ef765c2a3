# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test saw of a lock stays in a folder of its own, where a later run cannot find it and call the lock stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import lock


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in place of the collection's below ANSIBLE_HOME."""
    monkeypatch.setattr(lock, "home", lambda: tmp_path / "home")
    return tmp_path / "home"
