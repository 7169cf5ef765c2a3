# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration; the session docs in noxfile.py lays out the sources and calls Sphinx."""

from __future__ import annotations

project = "portkeeper.windows_dns"
author = "portkeeper.windows_dns contributors"
project_copyright = "2026, portkeeper.windows_dns contributors"
root_doc = "docs/index"
language = "en"

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
include_patterns = [
    "*.md",
    "docs/**",
    "lab/README.md",
    "roles/*/README.md",
    "lab/portkeeper_lab/winrm/README.md",
    "tests/unit/captures/README.md",
]
exclude_patterns = ["docs/conf.py"]
myst_heading_anchors = 3
highlight_language = "none"

intersphinx_mapping = {"ansible": ("https://docs.ansible.com/ansible/latest/", "ansible.inv")}
"""scripts/site_files.py writes the inventory of what the pages refer to, so that no network is needed."""

html_theme = "sphinx_ansible_theme"
html_title = "portkeeper.windows_dns"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"display_version": False, "vcs_pageview_mode": "edit"}
