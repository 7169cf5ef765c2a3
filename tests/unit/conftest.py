# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties are judged by what they find, never by how long a busy machine takes for one example."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("portkeeper", deadline=None)
settings.load_profile("portkeeper")
