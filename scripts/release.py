# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the files of a release from what git has committed: archive, bill of materials, sums and their signature.

All is made in a copy below .cache/release. With the name of a GnuPG key, the files end in dist/. With --dry the key is
made for this run and thrown away, the changelog is made if no commit has, the site is built, the archive is tried on a
lab host, and nothing outside of .cache changes.

Usage: python scripts/release.py KEY | --dry
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import archive_check
import release_trial
from checkout import BIN, CACHE, CHECKOUT, GATES, NOX
from markdown_page import MarkdownPage, commands

FOLDER = CACHE / "release"
COPY = FOLDER / "checkout"
LOG = FOLDER / "release.log"
FILES = COPY / "dist"
DIST = CHECKOUT / "dist"
MATERIALS, SUMS = "sbom.cdx.json", "SHA256SUMS"
GUIDE = ("docs/releasing.md", "Verify the files")
"""The page and the heading below which users read how they verify the files."""


class ReleaseError(Exception):
    """The release cannot be made; the message says why."""


@dataclass
class Release:
    """What the steps know of the release.

    Attributes:
        key: of the maintainer; empty in a dry release.
        stack: what is undone at the end in any case.
    """

    key: str
    stack: ExitStack = field(default_factory=ExitStack)

    @functools.cached_property
    def galaxy(self) -> dict[str, Any]:
        """The metadata of the collection."""
        loaded: dict[str, Any] = yaml.safe_load((COPY / "galaxy.yml").read_text(encoding="utf-8"))
        return loaded

    @property
    def version(self) -> str:
        """The version that is to be released."""
        return str(self.galaxy["version"])

    @property
    def archive(self) -> Path:
        """The archive, from its step on."""
        return FILES / f"{self.galaxy['namespace']}-{self.galaxy['name']}-{self.version}.tar.gz"


def call(*command: str | Path, folder: Path = COPY, **environment: str) -> str:
    """Run a command, log what it prints, and return its standard output; a failure ends the release."""
    words = [str(word) for word in command]
    done = release_trial.run(words, LOG, cwd=folder, env={**os.environ, **environment})
    if done.returncode:
        ends = (done.stdout + done.stderr).strip()[-2000:]
        raise ReleaseError(f"{' '.join(words)}: exit code {done.returncode}\n{ends}\nAll that was printed: {LOG}")
    return done.stdout


def refuse(findings: list[str]) -> None:
    """End the release if a check has findings."""
    if findings:
        raise ReleaseError("\n".join(findings))


def texts() -> dict[str, bytes]:
    """Return the files of the copy that git knows or would take."""
    names = call("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return {name: (COPY / name).read_bytes() for name in names if (COPY / name).is_file()}


@contextmanager
def key_ring() -> Iterator[str]:
    """Make an empty key ring, yield its folder, and end what GnuPG has started for it."""
    # GnuPG's sockets must have short names: not below the checkout.
    with tempfile.TemporaryDirectory(prefix="portkeeper-gpg-", ignore_cleanup_errors=True) as folder:
        try:
            yield folder
        finally:
            # Where it is missing nothing was started, and `tools` says what is missing.
            if program := shutil.which("gpgconf"):
                subprocess.run([program, "--homedir", folder, "--kill", "all"], check=False, capture_output=True)


def tools(_release: Release) -> str:
    """See that the tools of a release are there."""
    missing = [name for name in ("git", "gpg", "gpgconf", "sha256sum") if shutil.which(name) is None]
    if missing:
        raise ReleaseError(f"not installed here: {', '.join(missing)}")
    call(BIN / "nox", "--session", "gates", folder=CHECKOUT)
    return "git, GnuPG, and the environment `gates`"


def copy(release: Release) -> str:
    """Copy what is committed."""
    changes = call("git", "status", "--porcelain", folder=CHECKOUT).splitlines()
    if changes and release.key:
        raise ReleaseError("there are changes that are not committed")
    commit = call("git", "rev-parse", "HEAD", folder=CHECKOUT).strip()
    call("git", "clone", "--quiet", "--no-checkout", CHECKOUT, COPY, folder=FOLDER)
    call("git", "checkout", "--quiet", "--detach", commit)
    left_out = f"; not in it: {len(changes)} changes that are not committed" if changes else ""
    return f"commit {commit[:12]}{left_out}"


def version(release: Release) -> str:
    """See that all names of the archive are of the version in galaxy.yml."""
    refuse(list(archive_check.names_of_other_versions(texts(), release.version)))
    return f"{release.version} in galaxy.yml and in every name of the archive"


def changelog(release: Release) -> str:
    """See that the changelog is that of the version; a dry release makes it first, if no commit has."""
    releases = yaml.safe_load((COPY / archive_check.CHANGELOG[1]).read_text(encoding="utf-8"))["releases"]
    is_made = release.version in releases
    if not is_made and not release.key:
        if not releases:
            _drop_fragments(f"{release.version}.yml")
        call(GATES / "antsibull-changelog", "release", PATH=f"{GATES}:{BIN}:{os.environ['PATH']}")
    refuse(archive_check.changelog_findings(texts(), release.version))
    return f"{COPY / archive_check.CHANGELOG[0]}{'' if is_made else ', made for this run'}"


def _drop_fragments(kept: str) -> None:
    """Leave out what changed before the first release: no user had it."""
    for fragment in (COPY / "changelogs" / "fragments").glob("*.yml"):
        if fragment.name != kept:
            fragment.unlink()


def archive(release: Release) -> str:
    """Build the archive, with the copy's own program."""
    call(sys.executable, "scripts/build_collection.py")
    if not release.archive.is_file():
        raise ReleaseError(f"{release.archive.name} was not built")
    return release.archive.name


def contents(release: Release) -> str:
    """See that the archive holds what README promises."""
    files = archive_check.read_archive(release.archive)
    refuse(archive_check.findings(files, release.version))
    counts = {
        "modules": len(archive_check.plugins(files, "modules")),
        "filters": len(archive_check.plugins(files, "filter")),
        "playbooks": len(archive_check.playbooks(files)),
        "role(s)": len(archive_check.roles(files)),
        "files": len(files),
    }
    return "the archive is what README promises: " + ", ".join(f"{count} {what}" for what, count in counts.items())


def materials(_release: Release) -> str:
    """Write the bill of materials of what the collection needs at run time."""
    program = GATES / "cyclonedx-py"
    call(program, "requirements", "--output-reproducible", "--output-file", FILES / MATERIALS, "requirements.txt")
    lines = (COPY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = sorted(match[0] for line in lines if (match := re.match(r"[\w.-]+", line)))
    bill = json.loads((FILES / MATERIALS).read_bytes())
    named = sorted(component["name"] for component in bill.get("components", ()))
    if bill.get("bomFormat") != "CycloneDX" or named != needed:
        raise ReleaseError(f"{MATERIALS} names {named}, and requirements.txt {needed}")
    return f"{MATERIALS} names {', '.join(named)}"


def sign(release: Release) -> str:
    """Write the sums and sign them, in a dry release with a key that lives as long as this run."""
    paths = (release.archive, FILES / MATERIALS)
    rows = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    (FILES / SUMS).write_text("".join(rows), encoding="utf-8")
    # GnuPG's input is not the terminal, but that is where it asks for a passphrase.
    key, ring = release.key, {"GPG_TTY": os.ttyname(0)} if os.isatty(0) else {}
    if not key:
        key, ring = "dry-release@portkeeper.invalid", {"GNUPGHOME": release.stack.enter_context(key_ring())}
        made = ("--quick-generate-key", f"A dry release <{key}>", "default", "default", "1d")
        call("gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", *made, **ring)
    call("gpg", "--batch", "--yes", "--local-user", key, "--armor", "--detach-sign", SUMS, folder=FILES, **ring)
    (FOLDER / "key.asc").write_text(call("gpg", "--batch", "--armor", "--export", key, **ring), encoding="utf-8")
    return f"{SUMS}.asc by {key}"


def verify(release: Release) -> str:
    """Verify the files as the documentation tells users to, with nothing but the public key."""
    page, heading = GUIDE
    typed = [line for block in MarkdownPage.read(COPY / page).blocks("console", heading) for line in commands(block)]
    if len(typed) < 2:
        raise ReleaseError(f"{page} has no commands below {heading}")
    ring = release.stack.enter_context(key_ring())
    call("gpg", "--batch", "--import", FOLDER / "key.asc", GNUPGHOME=ring)
    for line in typed:
        call("sh", "-c", line, folder=FILES, GNUPGHOME=ring)
    return "; ".join(typed)


def site(release: Release) -> str:
    """Build the site; it must have a page of each module and filter."""
    # The copy has no environments of its own.
    (COPY / ".cache").mkdir(exist_ok=True)
    (COPY / ".cache" / NOX.name).symlink_to(NOX)
    call(BIN / "nox", "--session", "docs")
    html = COPY / "build" / "docs" / "html"
    files = archive_check.read_archive(release.archive)
    wanted = [f"{name}_module" for name in archive_check.plugins(files, "modules")]
    wanted += [f"{name}_filter" for name in archive_check.plugins(files, "filter")]
    existing = [path.stem for path in html.rglob("*.html")]
    refuse([f"the site has no page {page}.html" for page in sorted(set(wanted) - set(existing))])
    return f"{len(existing)} pages, start at {html / 'index.html'}"


def trial(release: Release) -> str:
    """Install the archive in an empty place and run README's commands from it against a lab host."""
    readme = MarkdownPage(archive_check.read_archive(release.archive)["README.md"].decode())
    typed = release_trial.try_out(release.archive, readme, release.version, COPY, LOG)
    return f"installed in an empty place, and on a lab host {len(typed)} commands ended as README says"


def publish(_release: Release) -> str:
    """Put the files where they are published from."""
    shutil.rmtree(DIST, ignore_errors=True)
    shutil.copytree(FILES, DIST)
    return f"{DIST}: {', '.join(sorted(path.name for path in DIST.iterdir()))}"


BOTH = (tools, copy, version, changelog, archive, contents, materials, sign, verify)
DRY: tuple[Callable[[Release], str], ...] = (*BOTH, site, trial)
TRUE: tuple[Callable[[Release], str], ...] = (*BOTH, publish)
"""Without a trial: the lab needs root, and a maintainer's key should not be used as root."""


def make(release: Release) -> None:
    """Take all steps, and print a line for each."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with release.stack:
        for step in TRUE if release.key else DRY:
            print(f"ok  {step.__name__:<10}{step(release)}", flush=True)


def _ended(_number: int, _frame: object) -> None:
    raise ReleaseError("it was ended from outside")


def main(arguments: list[str]) -> int:
    """Make the release; return the exit code."""
    (argument,) = arguments if len(arguments) == 1 else ("",)
    if argument != "--dry" and (not argument or argument.startswith("-")):
        print("usage: scripts/release.py KEY | --dry", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _ended)
    try:
        make(Release("" if argument == "--dry" else argument))
    except (ReleaseError, release_trial.TrialError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
