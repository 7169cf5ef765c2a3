# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password appears in no output of a run, and only the owner can read the files of a run."""

from __future__ import annotations

import base64
import contextlib
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
import tomllib
import yaml

from checkout import BIN, CHECKOUT

PASSWORD = "Zx9-Kwarz!Fuchs-4711"
WRONG = "Yb8-Basalt!Dachs-0815"
SECRETS = [
    form
    for secret in (PASSWORD, WRONG)
    for form in (
        secret,
        quote(secret),
        base64.b64encode(secret.encode()).decode(),
        base64.b64encode(f"Administrator:{secret}".encode()).decode(),
        secret.encode().hex(),
        secret.encode("utf-16-le").hex(),
    )
]
"""The passwords and the forms in which a library might print them."""
CLIENTS = ("kestrel", "heron")
DRIFT, RESERVE = "portkeeper.windows_dns.drift", "portkeeper.windows_dns.reserve_ports"


@dataclass
class Finding:
    """All that a run left: what it printed, its log, the command lines of its processes, and its files."""

    returncode: int
    printed: str
    log: str
    commands: set[str]
    folder: Path

    def texts(self) -> dict[str, str]:
        files = {str(path): path.read_text(encoding="utf-8") for path in self.folder.rglob("*.json")}
        return {"stdout and stderr": self.printed, "log": self.log, "processes": "\n".join(self.commands), **files}


@pytest.fixture(scope="module")
def hosts(make_host, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two hosts of two clients, with a unique password."""
    folder = tmp_path_factory.mktemp("scenarios")
    started = {}
    for client in CLIENTS:
        text = (CHECKOUT / "lab" / "scenarios" / "sbs2003.toml").read_text(encoding="utf-8")
        text = text.replace('Administrator = "Lab-Passw0rd"', f'Administrator = "{PASSWORD}"')
        text = text.replace('computer_name = "SBS2003"', f'computer_name = "{client.upper()}"')
        text = text.replace('include = ["', f'include = ["{CHECKOUT}/lab/scenarios/')
        assert tomllib.loads(text)["computer_name"] == client.upper()
        path = folder / f"{client}.toml"
        path.write_text(text, encoding="utf-8")
        started[client] = make_host(str(path))
    return started


def variables_of(host: Any) -> dict[str, Any]:
    content = yaml.safe_load(host.inventory.read_text(encoding="utf-8"))
    (own,) = content["all"]["hosts"].values()
    return {**content["all"].get("vars", {}), **(own or {})}


def command_lines(pid: int) -> set[str]:
    """Of the process and of all below it."""
    seen = set()
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                seen.add(" ".join(process.cmdline()))
    return seen


@pytest.fixture
def watched(controller, tmp_path: Path):
    """Give a function that runs a playbook on named hosts and collects everything that came out."""

    def run(playbook: str, inventory: dict[str, dict[str, Any]], *options: str) -> Finding:
        path = tmp_path / "inventory.yml"
        path.write_text(yaml.safe_dump({"all": {"hosts": inventory}}), encoding="utf-8")
        log = tmp_path / "ansible.log"
        command = [str(BIN / "ansible-playbook"), "-i", str(path), "-vvvvv", "--diff", playbook, *options]
        environment = controller.environment(ANSIBLE_LOG_PATH=str(log), ANSIBLE_DEBUG="1")
        commands: set[str] = set()
        output = tmp_path / "output.txt"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                command, cwd=controller.folder, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
            while process.poll() is None:
                commands |= command_lines(process.pid)
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
        printed = output.read_text(encoding="utf-8", errors="replace")
        return Finding(process.returncode, printed, log.read_text(encoding="utf-8"), commands, tmp_path / "written")

    return run


def client_variables(hosts: dict[str, Any], tmp_path: Path, client: str, **more: Any) -> dict[str, Any]:
    return {
        **variables_of(hosts[client]),
        "reserve_ports_artifacts_dir": str(tmp_path / "written" / client / "artifacts"),
        "reserve_ports_backup_dir": str(tmp_path / "written" / client / "backups"),
        "reserve_ports_run_id": "nightly",
        **more,
    }


def assert_silent(found: Finding) -> None:
    assert found.commands and "TASK [" in found.printed and "TASK [" in found.log
    for place, text in found.texts().items():
        for secret in SECRETS:
            assert secret not in text, f"{place} holds the password as {secret[:4]}..."


def assert_private(folder: Path) -> None:
    paths = list(folder.rglob("*"))
    assert any(path.is_file() for path in paths)
    for path in (folder, *paths):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, f"{path}: {oct(path.stat().st_mode)}"


def test_two_clients_are_written_to_and_no_secret_is_shown(watched, hosts, tmp_path: Path) -> None:
    """The role's playbook on two clients' hosts: no secret, private files, and each client's folder is its own."""
    found = watched(RESERVE, {client: client_variables(hosts, tmp_path, client) for client in CLIENTS})
    assert found.returncode == 0, found.printed[-3000:]
    assert_silent(found)
    assert_private(found.folder)
    for client, other in (CLIENTS, CLIENTS[::-1]):
        files = list((found.folder / client).rglob("*.json"))
        assert {path.parts[-3] for path in files} == {"artifacts", "backups"}
        port = str(variables_of(hosts[other])["ansible_port"])
        for path in files:
            text = path.read_text(encoding="utf-8")
            assert client.upper() in text
            assert re.search(other, f"{path.relative_to(found.folder)}{text}", re.IGNORECASE) is None
            assert f"port {port}" not in text


def test_drift_tells_nothing(watched, hosts, tmp_path: Path) -> None:
    found = watched(DRIFT, {client: client_variables(hosts, tmp_path, client) for client in CLIENTS})
    assert found.returncode == 2
    assert_silent(found)
    assert_private(found.folder)


@pytest.mark.parametrize("playbook", [DRIFT, RESERVE])
def test_a_wrong_password_is_never_shown(watched, hosts, tmp_path: Path, playbook: str) -> None:
    found = watched(playbook, {"kestrel": client_variables(hosts, tmp_path, "kestrel", ansible_password=WRONG)})
    assert found.returncode == 4, found.printed[-3000:]
    assert "rejected the credentials" in found.printed
    assert_silent(found)
    assert_private(found.folder)


FAULTS = [("drop_before", 1), ("drop_after", 5), ("cut_reply", 5), ("html", 5)]


@pytest.mark.parametrize(("kind", "request_number"), FAULTS)
def test_a_cut_connection_shows_no_secret(watched, hosts, tmp_path: Path, kind: str, request_number: int) -> None:
    hosts["kestrel"].winrm(op="fault", kind=kind, request=request_number)
    try:
        found = watched(DRIFT, {"kestrel": client_variables(hosts, tmp_path, "kestrel")})
    finally:
        hosts["kestrel"].winrm(op="clear_faults")
    assert found.returncode in (2, 4)
    assert '"outcome": "ok"' not in "".join(found.texts().values())
    assert_silent(found)
    assert_private(found.folder)
