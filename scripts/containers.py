# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and containers of buildah in a private folder, isolated by chroot alone; no image is downloaded.

The base image is made with debootstrap, so Debian's packages are all that it needs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from portkeeper_lab.rootfs import apt_mirror

PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy")
"""What pip inside has to know of this machine's way to its packages, besides the certificates."""
CERTIFICATES = "/etc/pip-certificates.crt"
NOBODY_LOGS_ON = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENOUGH_MEMORY = 8 << 30
"""With more than that the storage lies in memory (it takes 3 GB): vfs copies each file of an image for every step."""
ISOLATION = ("--isolation", "chroot")

LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
"""Lower than any default: Debian 13's buildah would raise them, and not every root may (CAP_SYS_RESOURCE)."""


class ContainerError(Exception):
    """An image or a container could not be made; the message says which, and where the output is."""


class Storage:
    """The folder in which everything of buildah lies, and the log to which all of it is written."""

    def __init__(self, folder: Path, log: Path) -> None:
        """Begin with an empty folder.

        Args:
            folder: for images, containers and temporary files.
            log: for all that is printed.
        """
        self.folder, self.log = folder, log
        self._places = ["--root", folder / "root", "--runroot", folder / "run", "--storage-driver", "vfs"]
        self.environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
        remove(folder)
        folder.mkdir(parents=True)
        if psutil.virtual_memory().available > ENOUGH_MEMORY:
            self.run("mount", "-t", "tmpfs", "portkeeper", folder, may_fail=True)
        (folder / "tmp").mkdir()

    def run(self, *command: str | Path, may_fail: bool = False) -> subprocess.CompletedProcess[Any]:
        """Run a program; what it prints goes to the log, and is returned."""
        words = [str(word) for word in command]
        # Written by the program itself, so that the log has it all when this process is stopped, too.
        with self.log.open("a+", encoding="utf-8", errors="replace") as file:
            file.write(f"\n$ {' '.join(words)}\n")
            file.flush()
            begin = file.tell()
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
                env=self.environment,
            )
            file.seek(begin)
            done.stdout = file.read()
            file.write(f"[exit code {done.returncode}]\n")
        if done.returncode and not may_fail:
            raise ContainerError(f"{' '.join(words)}: exit code {done.returncode}; all that was printed: {self.log}")
        return done

    def buildah(self, *words: str | Path, may_fail: bool = False) -> subprocess.CompletedProcess[Any]:
        """Run buildah on this storage."""
        return self.run("buildah", *self._places, *words, may_fail=may_fail)

    def create(self, image: str) -> str:
        """Make a container of an image that is here; return its name."""
        return self.buildah("from", *LIMITS, "--pull-never", image).stdout.split()[-1]

    def run_inside(self, container: str, words: Sequence[str], *options: str) -> subprocess.CompletedProcess[Any]:
        """Run a command in a container; return its exit code and what it printed."""
        return self.buildah("run", *ISOLATION, *options, container, "--", *words, may_fail=True)

    def make_base(self, image: str, suite: str) -> None:
        """Make a base image of a Debian release with debootstrap, and see that containers of it run here."""
        container = self.create("scratch")
        root = Path(self.buildah("mount", container).stdout.split()[-1])
        self.run("debootstrap", "--variant=minbase", suite, root, *apt_mirror())
        _write_apt_settings(root)
        _write_pip_settings(root)
        self.buildah("umount", container)
        self.buildah("config", "--env", f"PATH={NOBODY_LOGS_ON}", "--cmd", "bash", container)
        tried = self.run_inside(container, ["true"])
        if tried.returncode:
            said = " ".join(tried.stdout.split()) or f"exit code {tried.returncode}"
            raise ContainerError(f"containers cannot run here, not even isolated by chroot: {said}")
        self.buildah("commit", "--rm", container, image)

    def build(self, image: str, context: Path) -> None:
        """Build an image from a context with a Containerfile; every base image must be here already."""
        # Some libraries are compiled, for this test only: not to optimize them halves the time.
        options = (*ISOLATION, *LIMITS, "--pull-never", "--env", "CFLAGS=-O0", "--tag", image)
        self.buildah("bud", *options, "--file", context / "Containerfile", context)


@contextmanager
def private_storage(folder: Path, log: Path) -> Iterator[Storage]:
    """Yield an empty storage, and remove it with all that is mounted in it."""
    try:
        yield Storage(folder, log)
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Unmount what is mounted on a folder and below it, and remove it; a mount that stays keeps everything."""
    place = str(folder.resolve())
    for mounted in sorted((row.mountpoint for row in psutil.disk_partitions(all=True)), reverse=True):
        if f"{mounted}/".startswith(f"{place}/"):
            subprocess.run(["umount", mounted], check=True)
    shutil.rmtree(folder, ignore_errors=True)


def _write_apt_settings(root: Path) -> None:
    """Let apt inside reach the mirror as apt of this machine does."""
    shown = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    kept = [line for line in shown.splitlines() if re.match(r"Acquire::(https?::\S*[Pp]roxy|Check-)", line)]
    (root / "etc/apt/apt.conf.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/apt/apt.conf.d/90machine").write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _write_pip_settings(root: Path) -> None:
    """Let pip inside reach the index as pip of this machine does, with its own certificates."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^(?:global|install|:env:)\.(\S+?)='(.*)'$", shown, re.MULTILINE)
    found = {name: value for name, value in rows if name in PIP_SETTINGS and "file:" not in value}
    certificates = dict(rows).get("cert")
    (root / "etc").mkdir(exist_ok=True)
    if certificates:
        shutil.copy(certificates, root / CERTIFICATES.lstrip("/"))
        found["cert"] = CERTIFICATES
    lines = ["[global]", *(f"{name} = {value}" for name, value in found.items()), ""]
    (root / "etc/pip.conf").write_text("\n".join(lines), encoding="utf-8")
