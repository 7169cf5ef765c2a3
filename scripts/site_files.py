# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site needs besides its pages: an inventory of what they refer to in Ansible's documentation, a start page.

With the inventory Sphinx resolves the references without a network.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from pathlib import Path

INVENTORY_HEAD = """# Sphinx inventory version 2
# Project: Ansible
# Version: latest
# The remainder of this file is compressed using zlib.
"""
REFERRED = re.compile(r"(?<![\w.])ansible_collections\.ansible\.builtin\.[a-z_]+_(?:module|connection|filter|lookup)\b")
PROSE_LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
"""What antsibull-docs itself refers to on every page, and where Ansible's documentation has it."""


def ansible_labels(texts: Iterable[str]) -> dict[str, str]:
    """The labels of Ansible's documentation that pages refer to, and the page that each is on."""
    found = {label for text in texts for label in REFERRED.findall(text)}
    plugins = {label: label.removeprefix("ansible_").replace(".", "/") + ".html" for label in sorted(found)}
    return {**PROSE_LABELS, **plugins}


def write_inventory(inventory: Path, reference: Path) -> None:
    """Write the inventory of the labels in a folder of pages (format: Sphinx, intersphinx, version 2)."""
    labels = ansible_labels(path.read_text(encoding="utf-8") for path in reference.glob("*.rst"))
    rows = "".join(f"{label} std:label -1 {page} {label}\n" for label, page in labels.items())
    inventory.write_bytes(INVENTORY_HEAD.encode() + zlib.compress(rows.encode()))


def write_start_page(site: Path) -> None:
    """Write a start page at the top of the site, because the index is a page of docs/."""
    refresh = '<meta http-equiv="refresh" content="0; url=docs/index.html">'
    page = f"<!doctype html><title>portkeeper.windows_dns</title>{refresh}\n"
    (site / "index.html").write_text(page, encoding="utf-8")
