# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the options from documentation, action specs and role specs in one comparable form."""

from __future__ import annotations

from typing import Any

COMPARED = ("type", "elements", "default", "choices", "required")


def facets(option: dict[str, Any]) -> dict[str, Any]:
    """Reduces an option to what must be the same; absent and false or null are the same, and so is `str` and no type.

    Options inside of it are compared as well; documentation calls them suboptions.
    """
    kept = {key: option[key] for key in COMPARED if option.get(key) not in (None, False)}
    kept.setdefault("type", "str")
    inner = option.get("suboptions", option.get("options"))
    if inner:
        kept["options"] = {name: facets(row) for name, row in inner.items()}
    return kept
