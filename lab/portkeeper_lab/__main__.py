# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the command line with `python -m portkeeper_lab`."""

from __future__ import annotations

import sys

from portkeeper_lab.cli import main

sys.exit(main())
