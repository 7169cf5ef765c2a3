# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the site: the Markdown pages of this checkout, and a page per module, filter and role made by antsibull-docs.

Every warning is an error. The site is left in build/docs/html and never committed. No network is needed: references to
Ansible's own documentation are resolved against an inventory that is made here of the references themselves.

Usage: python scripts/build_docs.py
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path

from collection_docs import copy_collection, environment

from checkout import CACHE, CHECKOUT, GATES, copy_files

SOURCE = CACHE / "docs-source"
REFERENCE = SOURCE / "docs" / "reference"
SITE = CHECKOUT / "build" / "docs" / "html"
START = "docs/index.html"

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


def write_reference() -> None:
    """Let antsibull-docs write a page per plugin and role."""
    copy_collection()
    command = [GATES / "antsibull-docs", "collection", "--use-current", "--fail-on-error", "--squash-hierarchy"]
    command += ["--no-add-antsibull-docs-version", "--dest-dir", REFERENCE, "portkeeper.windows_dns"]
    REFERENCE.mkdir()
    subprocess.run(command, env=environment(), check=True)


def ansible_labels(texts: Iterable[str]) -> dict[str, str]:
    """The labels of Ansible's documentation that pages refer to, and the page that each is on."""
    found = {label for text in texts for label in REFERRED.findall(text)}
    plugins = {label: label.removeprefix("ansible_").replace(".", "/") + ".html" for label in sorted(found)}
    return {**PROSE_LABELS, **plugins}


def write_inventory() -> None:
    """Write Sphinx's inventory of those labels (format: Sphinx, intersphinx, version 2)."""
    labels = ansible_labels(path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.rst"))
    rows = "".join(f"{label} std:label -1 {page} {label}\n" for label, page in labels.items())
    (SOURCE / "ansible.inv").write_bytes(INVENTORY_HEAD.encode() + zlib.compress(rows.encode()))


def write_start() -> None:
    """A start page at the top of the site, because the index is a page of docs/."""
    page = f'<!doctype html><title>portkeeper.windows_dns</title><meta http-equiv="refresh" content="0; url={START}">\n'
    (SITE / "index.html").write_text(page, encoding="utf-8")


def main() -> int:
    """Lay out the sources and build; return Sphinx's exit code."""
    copy_files(SOURCE)
    write_reference()
    write_inventory()
    shutil.rmtree(SITE, ignore_errors=True)
    command = [str(GATES / "sphinx-build"), "--fail-on-warning", "--keep-going", "-q", "-b", "html"]
    command += ["-d", str(CACHE / "docs-trees"), "-c", str(SOURCE / "docs"), str(SOURCE), str(SITE)]
    done = subprocess.run(command, env=environment(), check=False)
    if done.returncode == 0:
        write_start()
        print(f"{len(list(SITE.rglob('*.html')))} pages in {Path(SITE).relative_to(CHECKOUT)}, start at index.html")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
