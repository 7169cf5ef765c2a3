# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that the files of an archive are what its README promises, all of one version, and nothing else."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from ansible.utils.version import SemanticVersion

from markdown_page import MarkdownPage, code_spans

COLLECTION = "portkeeper.windows_dns"
TOP = frozenset(
    "CHANGELOG.rst CODE_OF_CONDUCT.md CONTRIBUTING.md FILES.json LICENSES MANIFEST.json README.md REUSE.toml"
    " SECURITY.md TESTING.md changelogs docs meta playbooks plugins requirements.txt roles".split()
)
"""What may lie at the top of an archive."""
NEVER = frozenset("tests lab bench scripts dist build __pycache__ node_modules".split())
"""No folder of this name may lie in an archive, at any depth; nor may a name that begins with a dot."""
BINARIES = (".exe", ".dll", ".o", ".pyc", ".gz", ".zip")
FIRST_USE = "4. Check, then change"
"""The heading in README below which the playbooks are listed."""
PLUGIN_LIST = ("docs/pipelines.md", "Modules and filters")
"""The page and the heading below which all modules and filters are listed."""
NAMES = re.compile(re.escape(COLLECTION) + r"\.([a-z_]+)\b")
ARCHIVE_NAMES = re.compile(r"portkeeper-windows_dns-(\d[\w.+-]*?)\.tar\.gz")
CHANGELOG = ("CHANGELOG.rst", "changelogs/changelog.yaml")

Files = Mapping[str, bytes]


def read_archive(archive: Path) -> dict[str, bytes]:
    """Return the files in an archive by their names."""
    with tarfile.open(archive) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened if member.isfile()}  # type: ignore[union-attr]


def findings(files: Files, version: str) -> list[str]:
    """Return a sentence for each difference between an archive and what README and version promise.

    Args:
        files: of the archive.
        version: of the release.
    """
    rules = (_strays, _manifest, _links, _playbooks, _plugins, names_of_other_versions)
    return [finding for rule in rules for finding in rule(files, version)]


def names_of_other_versions(files: Files, version: str) -> Iterator[str]:
    """Yield the places that name an archive of another version; README must name one."""
    for name, content in files.items():
        found = set(ARCHIVE_NAMES.findall(content.decode("utf-8", errors="replace")))
        if name == "README.md" and not found:
            yield "README.md names no archive to install"
        for other in sorted(found - {version}):
            yield f"{name} names the archive of {other}"


def changelog_findings(files: Files, version: str) -> list[str]:
    """Return a sentence for each thing that the changelog of a release lacks."""
    missing = [f"{name} is missing" for name in CHANGELOG if name not in files]
    if missing:
        return missing
    releases = yaml.safe_load(files[CHANGELOG[1]])["releases"]
    newest = max(releases, key=SemanticVersion, default=None)
    found = [
        f"{name} is not in the changelog yet" for name in sorted(files) if name.startswith("changelogs/fragments/")
    ]
    if newest != version:
        found.append(f"the newest release in {CHANGELOG[1]} is {newest}")
    elif not releases[version].get("changes", {}).get("release_summary"):
        found.append(f"{CHANGELOG[1]} has no summary of {version}")
    if f"v{version}" not in files[CHANGELOG[0]].decode().splitlines():
        found.append(f"{CHANGELOG[0]} has no heading v{version}")
    return [*found, *_unannounced(files, releases)]


def _unannounced(files: Files, releases: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Yield what users can call and no release has announced: antsibull-changelog finds no playbooks by itself."""
    existing = {"module": plugins(files, "modules"), "filter": plugins(files, "filter")}
    existing |= {"role": roles(files), "playbook": playbooks(files)}
    announced: dict[str, set[str]] = {}
    for release in releases.values():
        rows = {"module": release.get("modules", []), **release.get("plugins", {}), **release.get("objects", {})}
        for kind, new in rows.items():
            announced.setdefault(kind, set()).update(row["name"] for row in new)
    for kind, names in existing.items():
        for name in sorted(names - announced.get(kind, set())):
            yield f"the {kind} {name} is in no release of {CHANGELOG[1]}"


def plugins(files: Files, kind: str) -> set[str]:
    """Return the names of the modules, the filters, ..."""
    return {path.stem for path in _directly_in(files, f"plugins/{kind}", ".py")} - {"__init__"}


def playbooks(files: Files) -> set[str]:
    """Return the names of the playbooks."""
    return {path.stem for path in _directly_in(files, "playbooks", ".yml")}


def roles(files: Files) -> set[str]:
    """Return the names of the roles that can be run."""
    return {name.split("/")[1] for name in files if re.fullmatch(r"roles/[^/]+/tasks/main\.yml", name)}


def _directly_in(files: Files, folder: str, suffix: str) -> Iterator[PurePosixPath]:
    for path in map(PurePosixPath, files):
        if str(path.parent) == folder and path.suffix == suffix:
            yield path


def _strays(files: Files, _version: str) -> Iterator[str]:
    for name in files:
        parts = PurePosixPath(name).parts
        stray = parts[0] not in TOP or NEVER.intersection(parts) or any(part.startswith(".") for part in parts)
        if stray or name.endswith(BINARIES):
            yield f"{name} does not belong in the archive"


def _manifest(files: Files, version: str) -> Iterator[str]:
    about = json.loads(files["MANIFEST.json"])["collection_info"]
    if f"{about['namespace']}.{about['name']}" != COLLECTION or about["version"] != version:
        yield f"MANIFEST.json is of {about['namespace']}.{about['name']} {about['version']}"
    listed = {row["name"] for row in json.loads(files["FILES.json"])["files"] if row["ftype"] == "file"}
    for name in sorted(listed ^ (files.keys() - {"MANIFEST.json", "FILES.json"})):
        yield f"{name} is only in one of FILES.json and the archive"


def _links(files: Files, version: str) -> Iterator[str]:
    repository = json.loads(files["MANIFEST.json"])["collection_info"]["repository"]
    for link in (link.target for link in _page(files, "README.md").links()):
        if not link.startswith("https://"):
            yield f"README.md: Galaxy cannot follow the link to {link}"
        view, _slash, rest = link.removeprefix(f"{repository}/").partition("/")
        if link == rest or view not in {"blob", "raw"}:
            continue
        tag, _slash, path = rest.partition("#")[0].partition("/")
        if tag != version:
            yield f"README.md links to {path} of {tag}"
        # What is never in an archive can only be read in the repository.
        if path.split("/")[0] not in NEVER and path not in files:
            yield f"README.md links to {path}, which is missing"


def _playbooks(files: Files, _version: str) -> Iterator[str]:
    page, existing = _page(files, "README.md"), playbooks(files)
    listed = {span.split()[0] for row in page.rows(FIRST_USE) for span in code_spans(row[0])}
    if not listed:
        yield f"README.md lists no playbooks below {FIRST_USE}"
    typed = {name for block in page.blocks("console") for name in NAMES.findall(block)}
    for name in sorted((listed | typed) - existing):
        yield f"README.md names the playbook {name}, which is missing"
    others = plugins(files, "modules") | plugins(files, "filter") | roles(files)
    for name in sorted({name for code in page.code() for name in NAMES.findall(code)} - typed - existing - others):
        yield f"README.md names {COLLECTION}.{name}, which is missing"
    everywhere = {name for page in _pages(files) for code in page.code() for name in NAMES.findall(code)}
    for name in sorted(existing - listed - everywhere):
        yield f"the playbook {name} is in no documentation"


def _plugins(files: Files, _version: str) -> Iterator[str]:
    name, heading = PLUGIN_LIST
    listed = {span for row in _page(files, name).rows(heading) for span in code_spans(row[0])}
    existing = plugins(files, "modules") | plugins(files, "filter")
    for plugin in sorted(listed - existing):
        yield f"{name} lists {plugin}, which is missing"
    for plugin in sorted(existing - listed):
        yield f"{name} does not list {plugin}"
    for action in sorted(plugins(files, "modules") ^ plugins(files, "action")):
        yield f"{action} is not both a module and an action"
    for role in sorted(roles(files)):
        if f"roles/{role}/README.md" not in files:
            yield f"the role {role} has no README.md"


def _page(files: Files, name: str) -> MarkdownPage:
    return MarkdownPage(files.get(name, b"").decode())


def _pages(files: Files) -> Iterator[MarkdownPage]:
    yield from (_page(files, name) for name in files if name.endswith(".md"))
