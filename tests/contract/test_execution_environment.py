# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make test-execution-environment` fails, and says why, where it cannot prove anything. Its programs are fakes."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import containers
import execution_environment
import pytest

from checkout import CHECKOUT

PROXY = 'Acquire::http::Proxy "http://proxy:3128";\n'
PROGRAMS = {
    "apt-config": """echo 'Acquire::http::Proxy "http://proxy:3128";'; echo 'Acquire::Languages "none";'""",
    "buildah": 'shift 6; case $1 in from) echo made ;; mount) echo "$ROOT" ;; run) eval "$RUN" ;; esac',
    "debootstrap": 'mkdir -p "$3"',
    "mount": "exit 1",
}
"""The first six words for buildah name the storage."""


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A context on the base image of the example; programs, folders and pip's settings are the test's."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("ROOT", str(tmp_path / "root"))
    monkeypatch.setattr(execution_environment, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(execution_environment, "KEPT", tmp_path / "kept")
    (tmp_path / "Containerfile").write_text('ARG EE_BASE_IMAGE="debian:13"\n', encoding="utf-8")
    return tmp_path


def test_where_containers_cannot_run_it_says_so_and_fails(
    context: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUN", "echo chroot: operation not permitted >&2; exit 1")
    assert execution_environment.main(context) == 1
    said = capsys.readouterr().err
    assert "containers cannot run here, not even isolated by chroot: chroot: operation not permitted" in said
    assert "[exit code 1]" in (context / "kept/log.txt").read_text(encoding="utf-8")
    assert not list((context / "cache").iterdir()), "nothing of it is left"


def test_what_is_mounted_is_unmounted_before_anything_is_removed(
    context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = context / "storage"
    places = [context, folder, folder / "proc", context / "storage2"]
    rows = [SimpleNamespace(mountpoint=str(place)) for place in places]
    monkeypatch.setattr(containers.psutil, "disk_partitions", lambda all: rows)
    (context / "programs/umount").write_text(f'#!/bin/sh\ntest -d "{folder}" && echo "$1" >>"{context}/unmounted"\n')
    (context / "programs/umount").chmod(0o755)
    folder.mkdir()
    containers.remove(folder)
    assert (context / "unmounted").read_text().splitlines() == [str(folder / "proc"), str(folder)]
    assert not folder.exists()


def test_another_base_image_is_not_downloaded(context: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (context / "Containerfile").write_text('ARG EE_BASE_IMAGE="another:1"\n', encoding="utf-8")
    assert execution_environment.main(context) == 1
    assert "another:1" in capsys.readouterr().err


def test_the_base_image_reaches_packages_as_this_machine_does(context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (context / "pip.conf").write_text(
        f"[global]\ncert = {context / 'own.crt'}\nindex-url = https://index/simple\nextra-index-url = file:///here\n",
        encoding="utf-8",
    )
    (context / "own.crt").write_text("own", encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(context / "pip.conf"))
    monkeypatch.setenv("HOME", str(context))
    monkeypatch.setenv("RUN", "true")
    with containers.private_storage(context / "storage", context / "log.txt") as storage:
        storage.make_base("debian:13", "trixie")
    root = context / "root"
    assert (root / "etc/apt/apt.conf.d/90machine").read_text(encoding="utf-8") == PROXY
    settings = (root / "etc/pip.conf").read_text(encoding="utf-8").splitlines()
    assert {"index-url = https://index/simple", f"cert = {containers.CERTIFICATES}"} < set(settings)
    assert "file:" not in "".join(settings), "what lies on this machine is not there inside"
    assert (root / containers.CERTIFICATES.lstrip("/")).read_text(encoding="utf-8") == "own"


def test_the_base_image_is_that_of_the_example() -> None:
    example = (CHECKOUT / "docs/examples/execution-environment.yml").read_text(encoding="utf-8")
    assert f"name: {execution_environment.BASE}\n" in example
