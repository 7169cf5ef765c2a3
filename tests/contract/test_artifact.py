# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive contains what users need: plugins, role, playbooks, docs; no tests, lab or build tools."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from checkout import CHECKOUT, build_artifact
from markdown_page import MarkdownPage

EXPECTED_TOP = {
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSES",
    "MANIFEST.json",
    "README.md",
    "REUSE.toml",
    "SECURITY.md",
    "TESTING.md",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}
OF_A_RELEASE = "CHANGELOG.rst"
"""There from the first release on."""
NEEDED = {
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "playbooks/acceptance.yml",
    "playbooks/drift.yml",
    "playbooks/offline.yml",
    "playbooks/reserve_ports.yml",
    "playbooks/verify.yml",
    "plugins/action/port_reservations.py",
    "plugins/modules/port_reservations.py",
    "roles/reserve_ports/tasks/main.yml",
}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the artifact from the files that git knows."""
    return build_artifact(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def members(artifact: Path) -> set[str]:
    """Return the names in the artifact."""
    with tarfile.open(artifact) as archive:
        return set(archive.getnames())


def test_only_what_users_need_is_in_it(members: set[str]) -> None:
    assert {name.split("/")[0] for name in members} - {OF_A_RELEASE} == EXPECTED_TOP


def test_what_users_need_is_in_it(members: set[str]) -> None:
    assert members >= NEEDED


def test_no_binary_is_in_it(members: set[str]) -> None:
    assert not [name for name in members if name.endswith((".exe", ".dll", ".o", ".pyc"))]


def test_links_of_the_readme_lead_to_files_of_the_repository(artifact: Path) -> None:
    """Galaxy shows the README alone."""
    with tarfile.open(artifact) as archive:
        text = archive.extractfile("README.md").read().decode()  # type: ignore[union-attr]
    repository = "https://github.com/portkeeper/windows_dns"
    links = [link.target for link in MarkdownPage(text).links()]
    ours = [link for link in links if link.startswith(repository) and link != f"{repository}/issues"]
    assert ours and f"{repository}/issues" in links
    assert [link for link in links if not link.startswith("https://")] == []
    for link in ours:
        view, version, path = link.removeprefix(f"{repository}/").split("/", 2)
        assert (view, version) == ("raw" if "/images/" in path else "blob", "1.0.0")
        assert (CHECKOUT / path.partition("#")[0]).is_file(), link
