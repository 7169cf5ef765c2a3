# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the Debian 13 root with Wine 10 in which every host runs, once, with debootstrap."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from portkeeper_lab.paths import LabError, cache_dir, locked, require_root
from portkeeper_lab.progress import run_logged, step

SUITE = "trixie"
PACKAGES = ("wine", "wine64", "libwine")
LAYOUT = "2"
"""Raised when what `_finish` does to a root changes."""

NEEDED = {
    "debootstrap": "debootstrap",
    "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64",
    "unshare": "util-linux",
    "ip": "iproute2",
    "sshd": "openssh-server",
    "sshpass": "sshpass",
}
"""Program -> the Debian package that has it."""

NEEDED_FOR_KERBEROS = {
    "krb5kdc": "krb5-kdc",
    "kadmin.local": "krb5-admin-server",
    "kinit": "krb5-user",
    "krb5-config": "libkrb5-dev",
    "gcc": "gcc",
}
"""The same for hosts with a realm. The last two, and Python's headers, build the client's libraries."""

SERVICES = {"openssh-server": "ssh", "krb5-kdc": "krb5-kdc", "krb5-admin-server": "krb5-admin-server"}
"""Package -> the service that it would start at a boot."""

POLICY = Path("/usr/sbin/policy-rc.d")
"""Packages ask it whether they may start their services; 101 is a no."""

FONT_FOLDERS = ("etc/fonts", "usr/share/fontconfig", "usr/share/fonts")
"""Each of Wine's processes would look through all fonts when it starts."""

UNREAD = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", *FONT_FOLDERS)
"""Folders that no host reads."""

FONTS = Path("etc/fonts/fonts.conf")
"""The list of fonts, without one: where there is no list, each process complains on standard error."""

MOUNT_POINTS = ("prefix", "proc", "dev", "tmp", "root")


def missing_packages(kerberos: bool = False) -> list[str]:
    """Return the Debian packages that the lab needs and this machine lacks, sorted.

    Args:
        kerberos: also for hosts with a realm, and for clients.
    """
    needed = {**NEEDED, **(NEEDED_FOR_KERBEROS if kerberos else {})}
    missing = {package for program, package in needed.items() if not _which(program)}
    if kerberos and not Path(sysconfig.get_path("include"), "Python.h").exists():
        missing.add("python3-dev")
    return sorted(missing)


def install_packages(packages: list[str]) -> None:
    """Install Debian packages with apt-get (needs root); no service among them is started, now or at a boot."""
    if not packages:
        return
    require_root(f"installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _nothing_starts(POLICY), step(f"installing Debian packages ({' '.join(packages)})"):
        for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
            run_logged(["apt-get", *arguments], cache_dir() / "apt.log", environment)
    for package in packages:
        if package in SERVICES:
            # An administrator who wants the service can still enable it; the lab runs one of its own.
            subprocess.run(["update-rc.d", SERVICES[package], "disable"], check=True)


@contextmanager
def _nothing_starts(policy: Path) -> Iterator[None]:
    """Let no package start a service; a policy that this machine has already stays."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def check_packages() -> None:
    """Raise LabError naming what is missing and the command that installs it."""
    missing = missing_packages()
    if missing:
        raise LabError(f"These packages are missing: {' '.join(missing)}. `lab setup --install` as root installs them.")


def root_path() -> Path:
    """Return where the finished root is, or will be."""
    key = hashlib.sha256("\n".join([LAYOUT, SUITE, "minbase", *PACKAGES]).encode()).hexdigest()[:12]
    return cache_dir() / f"root-{key}"


def ensure_root() -> Path:
    """Return the root, building it first if necessary (a minute, 1.2 GB)."""
    path = root_path()
    if path.is_dir():
        return path
    require_root("building the Wine root")
    check_packages()
    with locked(path):
        if not path.is_dir():
            _build(path)
    return path


def _build(path: Path) -> None:
    work = path.with_name(f"{path.name}.part")
    _discard(work)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(work), *apt_mirror()]
    with step("building the Debian 13 root with Wine (1.2 GB, a minute or two)"):
        run_logged(command, path.with_name(f"{path.name}.log"), _proxied())
        _finish(work)
    work.rename(path)


def _finish(root: Path) -> None:
    """Drop what a host never reads and make the mount points."""
    for name in UNREAD:
        shutil.rmtree(root / name, ignore_errors=True)
    (root / FONTS.parent).mkdir()
    (root / FONTS).write_text("<fontconfig/>\n", encoding="ascii")
    for name in MOUNT_POINTS:
        (root / name).mkdir(exist_ok=True)


def _discard(path: Path) -> None:
    """Remove a half-built root; refuse while something is mounted inside it."""
    mounted = (partition.mountpoint for partition in psutil.disk_partitions(all=True))
    for target in sorted(mounted, reverse=True):
        if target.startswith(f"{path}/"):
            subprocess.run(["umount", target], check=True)
    if path.exists():
        shutil.rmtree(path)


def _which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def apt_mirror(etc: Path = Path("/etc/apt")) -> list[str]:
    """Return the Debian mirror that apt is configured with, as debootstrap's argument; none leaves it to debootstrap.

    Args:
        etc: apt's configuration folder.
    """
    for path in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for uri in _deb822_uris(text) if path.suffix == ".sources" else _one_line_uris(text):
            if re.search(r"^https?://.*/debian/?$", uri):
                return [uri.rstrip("/")]
    return []


def _one_line_uris(text: str) -> list[str]:
    """Return the URIs of `deb [options] URI suite components` lines."""
    pattern = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+\S+\s+.*\bmain\b", re.MULTILINE)
    return pattern.findall(text)


def _deb822_uris(text: str) -> list[str]:
    """Return the URIs of the enabled binary stanzas that have the component main."""
    found: list[str] = []
    for stanza in re.split(r"\n\s*\n", text):
        lines = (line for line in stanza.splitlines() if not line.startswith("#"))
        pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith((" ", "\t")))
        fields = {key.strip().lower(): value.split() for key, value in pairs}
        binary = "deb" in fields.get("types", []) and "main" in fields.get("components", [])
        if binary and fields.get("enabled", ["yes"]) != ["no"]:
            found += fields.get("uris", [])
    return found


def _proxied() -> dict[str, str]:
    """Return the environment with apt's proxy, which debootstrap's downloader does not read by itself."""
    environment = dict(os.environ)
    if "http_proxy" not in environment and shutil.which("apt-config"):
        done = subprocess.run(
            ["apt-config", "shell", "PROXY", "Acquire::http::Proxy"], capture_output=True, text=True, check=False
        )
        match = re.search(r"PROXY='(.+)'", done.stdout)
        if match and match[1] != "DIRECT":
            environment["http_proxy"] = match[1]
    return environment
