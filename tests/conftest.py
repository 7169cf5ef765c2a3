# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout importable as ansible_collections.portkeeper.windows_dns for plain pytest."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
NAMESPACE = CHECKOUT / ".cache" / "ns"
LINK = NAMESPACE / "ansible_collections" / "portkeeper" / "windows_dns"


def _already_importable() -> bool:
    try:
        return importlib.util.find_spec("ansible_collections.portkeeper.windows_dns.plugins") is not None
    except ModuleNotFoundError:
        return False


def link_checkout() -> None:
    """Put the checkout below a folder that Python can import as ansible_collections."""
    if not LINK.is_symlink():
        LINK.parent.mkdir(parents=True, exist_ok=True)
        LINK.symlink_to(CHECKOUT, target_is_directory=True)


if not _already_importable():
    link_checkout()
    sys.path.insert(0, str(NAMESPACE))
