# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disable hypothesis' deadline: a property must not fail because the machine is busy.

Properties, and the heaviest of the other tests, repeat the same lines up to tens of thousands of times. They are marked
``no_cover``: measuring coverage makes them three times as slow and finds hardly a line that other tests do not run.
The check ``unit`` runs them in a process of their own, because pytest-cov's pause does not make them fast again.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("portkeeper", deadline=None)
settings.load_profile("portkeeper")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known where pytest-cov is not installed, as under ansible-test."""
    config.addinivalue_line("markers", "no_cover: coverage is not measured.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the properties."""
    for item in items:
        if item.get_closest_marker("hypothesis"):
            item.add_marker(pytest.mark.no_cover)
