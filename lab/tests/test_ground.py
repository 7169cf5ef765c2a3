# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror, the packages and the programs from which the lab is built are there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from portkeeper_lab import build, rootfs
from portkeeper_lab.paths import SOURCES, LabError

DEB822 = """# a comment
Types: deb
URIs: https://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib
"""
SECURITY = "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"sources.list": "deb http://m.example/debian bookworm main\n"}, ["http://m.example/debian"]),
        (
            {"sources.list": "deb [arch=amd64] http://m.example/debian/ trixie contrib main\n"},
            ["http://m.example/debian"],
        ),
        ({"sources.list": "# deb http://m.example/debian bookworm main\n"}, []),
        ({"sources.list": "deb-src http://m.example/debian bookworm main\n"}, []),
        ({"sources.list.d/x.list": "deb https://other.example/node nodistro main\n"}, []),
        ({"sources.list.d/debian.sources": f"{SECURITY}\n{DEB822}"}, ["https://mirror.example/debian"]),
        ({"sources.list.d/debian.sources": f"{DEB822}Enabled: no\n"}, []),
        ({}, []),
    ],
)
def test_the_mirror_is_apts(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    (tmp_path / "sources.list.d").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert rootfs.apt_mirror(tmp_path) == expected


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rootfs.missing_packages() == []
    monkeypatch.setattr(rootfs.shutil, "which", lambda _program, path=None: None)
    every = ["debootstrap", "gcc-mingw-w64-x86-64", "iproute2", "openssh-server", "sshpass", "util-linux"]
    assert rootfs.missing_packages() == every
    assert {"krb5-kdc", "krb5-user"} <= set(rootfs.missing_packages(kerberos=True)) - set(every)
    with pytest.raises(LabError, match=r"debootstrap .*`lab setup --install`"):
        rootfs.check_packages()


def test_openssh_is_installed_without_its_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    calls: list[tuple[str, bool]] = []

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[bytes]:
        calls.append((" ".join(command), os.access(policy, os.X_OK)))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(rootfs, "POLICY", policy)
    monkeypatch.setattr(rootfs.subprocess, "run", run)
    rootfs.install_packages(["openssh-server"])
    assert [starts_nothing for _call, starts_nothing in calls[:2]] == [True, True]
    assert calls[2] == ("update-rc.d ssh disable", False)


def test_the_root_is_reused() -> None:
    assert rootfs.ensure_root() == rootfs.ensure_root() == rootfs.root_path()
    assert (rootfs.root_path() / "usr/bin/wine-stable").exists()


def test_every_program_is_built_once() -> None:
    folder = build.ensure_programs()
    assert build.ensure_programs() == folder
    assert {path.stem for path in folder.iterdir()} == set(build.program_table())
    assert {"agent", "pkservice", "sc", "net", "netstat", "schtasks", "shutdown"} <= set(build.program_table())


def test_every_source_belongs_to_a_program() -> None:
    used = {unit for row in build.program_table().values() for unit in row["sources"]}
    assert {path.name for path in SOURCES.glob("*.c")} == used


def test_the_key_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("1", encoding="ascii")
    first = build.sources_key(tmp_path)
    (tmp_path / "x.c").write_text("2", encoding="ascii")
    assert build.sources_key(tmp_path) != first


def test_a_compiler_error_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "x.c").write_text("int wmain(void) { return nonsense; }", encoding="ascii")
    (tmp_path / "programs.toml").write_text('[x]\nsources = ["x.c"]\nlibraries = []\n', encoding="ascii")
    with pytest.raises(LabError, match=r"(?s)Compiling x\.c failed.*nonsense"):
        build.ensure_programs(tmp_path)
