# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line starts, lists and stops hosts, and nothing is left of a host after any kind of end."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import portkeeper_lab
from portkeeper_lab.scenario import LAB_KEY

Eventually = Callable[..., None]
Lab = Callable[..., subprocess.CompletedProcess[str]]
NAME = f"test{os.getpid()}"
NAMESPACES = ("net", "mnt", "pid", "uts", "ipc")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The command line with a separate state folder."""
    runtime = tmp_path_factory.mktemp("run")
    path = Path(portkeeper_lab.__file__).parent.parent
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(path)}

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portkeeper_lab", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    yield run
    run("down", "--all")


@pytest.fixture(scope="module")
def running(lab: Lab) -> str:
    """The name of a host that has been started in the background."""
    lab(
        "up",
        "sbs2003",
        "--name",
        NAME,
        "--ssh",
        "--winrm",
        "full_chunks=true",
        "--winrm",
        "seed=5",
        "--draw-seed",
        "78",
    )
    return NAME


def info(lab: Lab, name: str, *options: str) -> dict[str, Any]:
    """Return the host's variables in the inventory."""
    text = lab("inventory", "--name", name, *options).stdout
    return {key: json.loads(value) for key, value in re.findall(r"^ +(ansible_\w+): (.*)$", text, re.MULTILINE)}


def list_row(lab: Lab, name: str) -> list[str]:
    """Return the host's row in the list, empty when it is not there."""
    rows = [line.split() for line in lab("list").stdout.splitlines()]
    return next((row for row in rows if row[0] == name), [])


def answers(port: int) -> bool:
    """Return whether something listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def members(namespaces: dict[str, str]) -> list[str]:
    """Return the processes of this machine that are in any of the namespaces."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        for kind, identity in namespaces.items():
            try:
                if os.readlink(process / "ns" / kind) == identity:
                    found.append(process.name)
            except OSError:
                continue
    return found


def test_up_prints_the_port_that_answers(lab: Lab, running: str) -> None:
    row = list_row(lab, running)
    assert row[1:3] == ["sbs2003", "up"]
    assert answers(int(row[3]))


def test_inventory(lab: Lab, running: str) -> None:
    variables = info(lab, running)
    assert variables == {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": int(list_row(lab, running)[3]),
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
        "ansible_user": "Administrator",
        "ansible_password": variables["ansible_password"],
    }


def test_inventory_of_psrp(lab: Lab, running: str) -> None:
    winrm, psrp = info(lab, running), info(lab, running, "--connection", "psrp")
    assert psrp == {
        "ansible_connection": "psrp",
        "ansible_host": "127.0.0.1",
        "ansible_port": winrm["ansible_port"],
        "ansible_psrp_protocol": "http",
        "ansible_psrp_auth": "ntlm",
        "ansible_psrp_message_encryption": "always",
        "ansible_user": winrm["ansible_user"],
        "ansible_password": winrm["ansible_password"],
    }


def test_inventory_of_ssh_is_enough_for_the_client(lab: Lab, running: str) -> None:
    variables = info(lab, running, "--connection", "ssh")
    assert variables["ansible_connection"] == "ssh"
    assert variables["ansible_shell_type"] == "cmd"
    done = subprocess.run([*ssh_command(variables), "echo over ssh"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "over ssh\n")


def ssh_command(variables: dict[str, Any]) -> list[str]:
    """Return the client's command line as Ansible's plugin builds it from the variables, without a prompt."""
    key, port, user = (variables[f"ansible_{name}"] for name in ("ssh_private_key_file", "port", "user"))
    options = ["-o", "BatchMode=yes", "-i", key, "-p", str(port), "-l", user]
    return ["ssh", *options, *shlex.split(variables["ansible_ssh_common_args"]), variables["ansible_host"]]


def test_exec(lab: Lab, running: str) -> None:
    assert lab("exec", running, "--", "echo out& exit 3", code=3).stdout == "out\n"
    done = lab("exec", running, "--", "echo bad>&2& exit 10048", code=255)
    assert "bad" in done.stderr
    assert "10048" in done.stderr


def test_winrm_can_be_steered(lab: Lab, running: str) -> None:
    assert "requests" in lab("winrm", running, '{"op": "counters"}').stdout
    assert "no control operation" in lab("winrm", running, '{"op": "nonsense"}', code=1).stderr


def test_ssh_can_be_steered(lab: Lab, running: str) -> None:
    assert "sessions" in lab("ssh", running, '{"op": "counters"}').stdout
    assert "no control operation" in lab("ssh", running, '{"op": "nonsense"}', code=1).stderr


def test_a_name_can_be_used_once(lab: Lab, running: str) -> None:
    assert "already" in lab("up", "sbs2003", "--name", running, code=1).stderr
    assert "no name for a host" in lab("up", "sbs2003", "--name", "../x", code=1).stderr


def test_errors_are_sentences(lab: Lab) -> None:
    assert re.search(r"lab/scenarios has: .*\bsbs2003\b", lab("up", "nonsense", "--name", "x", code=1).stderr)
    assert "no running host nobody" in lab("exec", "nobody", "--", "ver", code=1).stderr
    assert "no option" not in lab("up", "sbs2003", "--name", "x", "--winrm", "nonsense=1", code=1).stderr
    assert not list_row(lab, "x")


def test_the_draw_is_made_repeatable(lab: Lab, running: str) -> None:
    assert "0x4e" in lab("exec", running, "--", f"reg query {LAB_KEY} /v DrawSeed").stdout
    pools = []
    for _ in range(2):
        lab("exec", running, "--", "net stop DNS & net start DNS")
        listed = lab("exec", running, "--", "netstat -ano -p udp").stdout
        pools.append(set(re.findall(r"0\.0\.0\.0:(\d+)", listed)))
    assert len(pools[0]) > 2000
    assert pools[0] == pools[1]


def test_a_host_that_ipsec_blocks_is_up_but_closed(lab: Lab, eventually: Eventually) -> None:
    name = f"{NAME}-block"
    assert "IPsec blocks the network" in lab("up", "sbs2003-block", "--name", name).stdout
    assert list_row(lab, name)[2] == "blocked"
    port = int(list_row(lab, name)[3])
    assert not answers(port)
    assert "has no SSH server" in lab("inventory", "--name", name, "--connection", "ssh", code=1).stderr
    assert "takes no client certificate" in lab("inventory", "--name", name, "--certificate", code=1).stderr
    lab("exec", name, "--", "net stop DNS & net start PolicyAgent & net start DNS")
    eventually(lambda: answers(port))
    assert list_row(lab, name)[2] == "up"
    lab("reboot", name)
    assert list_row(lab, name)[2] == "blocked"
    lab("down", name)


def test_reboot_returns_when_winrm_answers_again(lab: Lab, running: str) -> None:
    lab("reboot", running)
    assert answers(int(list_row(lab, running)[3]))
    assert lab("exec", running, "--", "echo back").stdout == "back\n"


def test_nothing_is_left_after_sigkill(lab: Lab, running: str, eventually: Eventually) -> None:
    row = list_row(lab, running)
    supervisor, port = int(row[4]), int(row[3])
    children = [child.pid for child in psutil.Process(supervisor).children()]
    mine = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in NAMESPACES}
    inside = next(
        found
        for child in children
        if (found := {kind: os.readlink(f"/proc/{child}/ns/{kind}") for kind in NAMESPACES if kind != "pid"})["net"]
        != mine["net"]
    )
    inside["pid"] = os.readlink(f"/proc/{members(inside)[-1]}/ns/pid")
    prefix = next(Path(root) for root in _prefixes() if f"{running}-" in root)
    assert len(members(inside)) > 10
    over_ssh = info(lab, running, "--connection", "ssh")

    with open_session(over_ssh) as client:
        os.kill(supervisor, signal.SIGKILL)
        assert client.wait(timeout=10) == 255

    # The kernel ends what is left in no fixed order: a session may be gone before the server that listens.
    eventually(lambda: not answers(over_ssh["ansible_port"]), 10.0)
    eventually(lambda: not members({kind: inside[kind] for kind in NAMESPACES if inside[kind] != mine[kind]}), 10.0)
    eventually(lambda: not answers(port), 10.0)
    assert running not in Path("/proc/self/mounts").read_text(encoding="utf-8")
    assert not list_row(lab, running)
    assert not prefix.exists()


def open_session(variables: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Return a client with a cmd that waits for input."""
    client = subprocess.Popen([*ssh_command(variables), "cmd.exe /d"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert client.stdout is not None
    assert client.stdout.readline().startswith(b"Microsoft Windows")
    return client


def check_https(winrm: dict[str, Any], psrp: dict[str, Any], port: int) -> None:
    """Both connections name the authority, and the server has a certificate of it."""
    assert (winrm["ansible_winrm_scheme"], psrp["ansible_psrp_protocol"]) == ("https", "https")
    authority = winrm["ansible_winrm_ca_trust_path"]
    assert authority == psrp["ansible_psrp_ca_cert"]
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        context.wrap_socket(raw, server_hostname="127.0.0.1").close()


def check_certificates(winrm: dict[str, Any], psrp: dict[str, Any]) -> None:
    """Both connections name the client certificate and no password."""
    assert (winrm["ansible_winrm_transport"], psrp["ansible_psrp_auth"]) == ("certificate", "certificate")
    for variables, pair in ((winrm, "ansible_winrm_cert"), (psrp, "ansible_psrp_certificate")):
        ssl.create_default_context().load_cert_chain(variables[f"{pair}_pem"], variables[f"{pair}_key_pem"])
        assert "ansible_password" not in variables


def _prefixes() -> list[str]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [str(path) for path in (cache / "portkeeper-lab" / "hosts").iterdir()]


def test_down_leaves_nothing(lab: Lab, eventually: Eventually) -> None:
    name = f"{NAME}b"
    assert "SSH on 127.0.0.1:" in lab("up", "2019-dc", "--name", name, "--ssh", "--https").stdout
    port = int(list_row(lab, name)[3])
    over_ssh = info(lab, name, "--connection", "ssh")
    folder = Path(over_ssh["ansible_ssh_private_key_file"]).parent
    check_https(info(lab, name), info(lab, name, "--connection", "psrp"), port)
    check_certificates(info(lab, name, "--certificate"), info(lab, name, "--connection", "psrp", "--certificate"))
    with open_session(over_ssh) as client:
        began = time.monotonic()
        lab("down", name)
        assert time.monotonic() - began < 10
        assert client.wait(timeout=10) == 255
    assert not answers(over_ssh["ansible_port"])
    assert not folder.exists()
    assert not list_row(lab, name)
    eventually(lambda: not answers(port), 5.0)
    assert not [path for path in _prefixes() if f"{name}-" in path]
    lab("down", name)
