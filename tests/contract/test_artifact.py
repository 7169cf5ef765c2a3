# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive holds what README promises and no tests, lab or build tools; whatever differs is found."""

from __future__ import annotations

import json

import pytest
import yaml

from archive_check import changelog_findings, findings, names_of_other_versions, read_archive
from checkout import CHECKOUT, build_artifact
from markdown_page import MarkdownPage

VERSION = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
README = "README.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Build the artifact from the files that git knows; return what is in it."""
    return read_archive(build_artifact(tmp_path_factory.mktemp("dist")))


@pytest.fixture
def files(built: dict[str, bytes]) -> dict[str, bytes]:
    """A copy in which a test may change what it likes."""
    return dict(built)


def lose(files: dict[str, bytes], name: str) -> None:
    """Take a file out of the archive as if it had never been built into it."""
    del files[name]
    _list(files, lambda rows: [row for row in rows if row["name"] != name])


def add(files: dict[str, bytes], name: str) -> None:
    files[name] = b""
    _list(files, lambda rows: [*rows, {"name": name, "ftype": "file"}])


def _list(files: dict[str, bytes], change) -> None:
    content = json.loads(files["FILES.json"])
    files["FILES.json"] = json.dumps({**content, "files": change(content["files"])}).encode()


def replace(files: dict[str, bytes], name: str, old: str, new: str) -> None:
    text = files[name].decode()
    assert old in text
    files[name] = text.replace(old, new).encode()


def test_the_archive_is_what_is_promised(files: dict[str, bytes]) -> None:
    assert findings(files, VERSION) == []


def test_it_has_what_tools_read_that_no_page_names(files: dict[str, bytes]) -> None:
    assert files.keys() >= {"meta/execution-environment.yml", "meta/runtime.yml", "requirements.txt"}


def test_links_of_the_readme_lead_to_files_of_the_repository(files: dict[str, bytes]) -> None:
    """Galaxy shows the README alone."""
    repository = "https://github.com/portkeeper/windows_dns"
    links = [link.target for link in MarkdownPage(files[README].decode()).links()]
    ours = [link for link in links if link.startswith(repository) and link != f"{repository}/issues"]
    assert ours and f"{repository}/issues" in links
    for link in ours:
        view, version, path = link.removeprefix(f"{repository}/").split("/", 2)
        assert (view, version) == ("raw" if "/images/" in path else "blob", VERSION)
        assert (CHECKOUT / path.partition("#")[0]).is_file(), link


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("playbooks/drift.yml", ["README.md names the playbook drift, which is missing"]),
        ("playbooks/rollback.yml", ["README.md names the playbook rollback, which is missing"]),
        ("playbooks/acceptance.yml", ["README.md names portkeeper.windows_dns.acceptance, which is missing"]),
        ("docs/faults.md", ["README.md links to docs/faults.md, which is missing"]),
        ("docs/images/report.png", ["README.md links to docs/images/report.png, which is missing"]),
        ("SECURITY.md", ["README.md links to SECURITY.md, which is missing"]),
        ("plugins/filter/plan_ports.py", ["docs/pipelines.md lists plan_ports, which is missing"]),
        ("plugins/action/port_info.py", ["port_info is not both a module and an action"]),
    ],
)
def test_what_is_promised_and_missing_is_found(files: dict[str, bytes], name: str, expected: list[str]) -> None:
    lose(files, name)
    assert findings(files, VERSION) == expected


def test_a_role_that_is_linked_and_missing_is_found(files: dict[str, bytes]) -> None:
    for name in [name for name in files if name.startswith("roles/")]:
        lose(files, name)
    assert findings(files, VERSION) == ["README.md links to roles/reserve_ports/README.md, which is missing"]


@pytest.mark.parametrize(
    "name",
    [
        "tests/unit/test_ports.py",
        "plugins/module_utils/tests/test_ports.py",
        "lab/README.md",
        ".cache/nox/gates/pyvenv.cfg",
        ".venv/bin/python",
        "docs/.pytest_cache/README.md",
        "noxfile.py",
        "plugins/modules/port_info.pyc",
        "docs/collections.tar.gz",
    ],
)
def test_a_stray_file_is_found(files: dict[str, bytes], name: str) -> None:
    add(files, name)
    assert findings(files, VERSION) == [f"{name} does not belong in the archive"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plugins/filter/unheard_of.py", "docs/pipelines.md does not list unheard_of"),
        ("playbooks/unheard_of.yml", "the playbook unheard_of is in no documentation"),
        ("roles/unheard_of/tasks/main.yml", "the role unheard_of has no README.md"),
    ],
)
def test_what_no_page_names_is_found(files: dict[str, bytes], name: str, expected: str) -> None:
    add(files, name)
    assert findings(files, VERSION) == [expected]


def test_a_file_that_is_not_in_the_list_of_files_is_found(files: dict[str, bytes]) -> None:
    files["docs/more.md"] = b""
    assert findings(files, VERSION) == ["docs/more.md is only in one of FILES.json and the archive"]


def test_a_readme_without_its_table_or_its_archive_is_found(files: dict[str, bytes]) -> None:
    replace(files, README, "### 4. Check, then change", "### 5. Something else")
    replace(files, README, f"portkeeper-windows_dns-{VERSION}.tar.gz", "the-archive")
    assert findings(files, VERSION) == [
        "README.md lists no playbooks below 4. Check, then change",
        "README.md names no archive to install",
    ]


def test_another_version_is_found_everywhere(files: dict[str, bytes]) -> None:
    found = findings(files, "7.8.9")
    assert f"MANIFEST.json is of portkeeper.windows_dns {VERSION}" in found
    assert f"README.md names the archive of {VERSION}" in found
    assert f"README.md links to docs/faults.md of {VERSION}" in found
    assert f"docs/examples/execution-environment.yml names the archive of {VERSION}" in found


def test_one_name_of_another_version_is_found(files: dict[str, bytes]) -> None:
    other = "0.9.0-rc.1"
    files["docs/more.md"] = f"ansible-galaxy collection install ./portkeeper-windows_dns-{other}.tar.gz\n".encode()
    assert list(names_of_other_versions(files, VERSION)) == [f"docs/more.md names the archive of {other}"]


RELEASES = "releases:\n  1.2.0:\n    changes:\n      release_summary: Better.\n  1.10.0:\n    changes: {}\n"


def changelog(**more: bytes) -> dict[str, bytes]:
    text = b"Notes\n=====\n\nv1.10.0\n=======\n\nv1.2.0\n======\n"
    return {"CHANGELOG.rst": text, "changelogs/changelog.yaml": RELEASES.encode(), **more}


def test_the_changelog_must_be_of_the_version() -> None:
    good = changelog(**{"changelogs/changelog.yaml": RELEASES.replace("1.10.0", "1.1.0").encode()})
    assert changelog_findings(good, "1.2.0") == []
    assert changelog_findings(changelog(), "1.2.0") == ["the newest release in changelogs/changelog.yaml is 1.10.0"]
    assert changelog_findings(changelog(), "1.10.0") == ["changelogs/changelog.yaml has no summary of 1.10.0"]
    assert changelog_findings(good, "1.3.0") == [
        "the newest release in changelogs/changelog.yaml is 1.2.0",
        "CHANGELOG.rst has no heading v1.3.0",
    ]


def test_tests_of_plugins_are_no_plugins() -> None:
    names = ("tests/unit/plugins/filter/test_ports.py", "tests/playbooks/a.yml", "bench/roles/a/tasks/main.yml")
    good = changelog(**{"changelogs/changelog.yaml": RELEASES.partition("  1.10.0:")[0].encode()})
    assert changelog_findings({**good, **dict.fromkeys(names, b"")}, "1.2.0") == []


def test_a_changelog_that_was_not_made_is_found() -> None:
    unreleased = {"changelogs/changelog.yaml": b"releases: {}\n"}
    assert changelog_findings(unreleased, "1.2.0") == ["CHANGELOG.rst is missing"]
    left = changelog(**{"changelogs/fragments/more.yml": b"", "changelogs/changelog.yaml": b"releases: {}\n"})
    assert changelog_findings(left, "1.2.0") == [
        "changelogs/fragments/more.yml is not in the changelog yet",
        "the newest release in changelogs/changelog.yaml is None",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plugins/modules/port_info.py", "the module port_info is in no release of changelogs/changelog.yaml"),
        ("plugins/filter/unpack_ports.py", "the filter unpack_ports is in no release of changelogs/changelog.yaml"),
        ("roles/reserve_ports/tasks/main.yml", "the role reserve_ports is in no release of changelogs/changelog.yaml"),
        ("playbooks/drift.yml", "the playbook drift is in no release of changelogs/changelog.yaml"),
    ],
)
def test_what_no_release_announces_is_found(name: str, expected: str) -> None:
    files = {"CHANGELOG.rst": b"v1.2.0\n", name: b""}
    changes: dict[str, object] = {"changes": {"release_summary": "Better."}}
    files["changelogs/changelog.yaml"] = yaml.safe_dump({"releases": {"1.2.0": changes}}).encode()
    assert changelog_findings(files, "1.2.0") == [expected]
    # It may be of an earlier release.
    new = {
        "modules": [{"name": "port_info"}],
        "plugins": {"filter": [{"name": "unpack_ports"}]},
        "objects": {"role": [{"name": "reserve_ports"}], "playbook": [{"name": "drift"}]},
    }
    files["changelogs/changelog.yaml"] = yaml.safe_dump({"releases": {"1.0.0": new, "1.2.0": changes}}).encode()
    assert changelog_findings(files, "1.2.0") == []
