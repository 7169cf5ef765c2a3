# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep each worker of pytest, with all that it starts, on one core.

Wine's processes wait for one another all the time. On one core that is a change of process; between two cores it is an
interrupt, which costs a virtual machine a tenth of its time. Whole processes per second count here, not one test's
time: there are more workers than cores.
"""

from __future__ import annotations

import os

import pytest


def take_core(config: pytest.Config) -> None:
    """Take one of the cores in turn; alone, a process keeps all of them."""
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    if worker is not None:
        cores = sorted(os.sched_getaffinity(0))
        number = int(worker["workerid"].removeprefix("gw"))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
