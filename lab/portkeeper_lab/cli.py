# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line `lab`."""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portkeeper_lab import inventory
from portkeeper_lab.backend import BackendError
from portkeeper_lab.build import ensure_programs
from portkeeper_lab.control import ask, ask_once, running_hosts
from portkeeper_lab.paths import LAB_DIR, LabError, require_root, state_dir
from portkeeper_lab.rootfs import check_packages, ensure_root, install_packages, missing_packages
from portkeeper_lab.scenario import find_scenario, load_scenario
from portkeeper_lab.ssh.shells import DEFAULT_SHELLS
from portkeeper_lab.ssh.shells import Options as SSHOptions
from portkeeper_lab.state import host_dir, sweep
from portkeeper_lab.template import ensure_template

DOWN_TIMEOUT = 30.0
"""Seconds for a supervisor to end."""
LOG_TAIL = 20


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code: 1 for an error, else 0 or, for exec, the command's own."""
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (LabError, BackendError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Windows hosts made of Wine, for trying and testing.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    sub = add("setup", _setup, "Build what hosts need: the Wine root, the programs, the prefix template.")
    sub.add_argument("--install", action="store_true", help="install missing Debian packages first (needs root)")
    sub = add("up", _up, "Start a host; returns when WinRM answers and prints its port.")
    _add_up(sub)
    sub = add("replay", _replay, "Serve hosts that answer with recorded transcripts, until standard input ends.")
    sub.add_argument("recordings", nargs="+", type=Path, help="what hosts printed; the hosts take them in turn")
    sub.add_argument("--hosts", type=int, default=1, help="how many hosts, a port each")
    sub.add_argument("--profile", default="winrm2", help="what WinRM they play")
    sub.add_argument("--modules", type=Path, metavar="FILE", help="results of PowerShell modules (JSON)")
    sub.add_argument("--winrm", action="append", default=[], metavar="OPTION=VALUE", help="option of the WinRM servers")
    sub.add_argument("--ssh", action="store_true", help="the first host has an SSH server, too, for the current user")
    add("list", _list, "List the running hosts.")
    sub = add("exec", _exec, "Run a cmd line on a host, not through WinRM.")
    sub.add_argument("name")
    sub.add_argument("line", nargs="+", help="after --; several words are joined by spaces")
    sub = add("reboot", _reboot, "Reboot a host; returns when WinRM answers again.")
    sub.add_argument("name")
    for server, text in (("winrm", "WinRM server: counters, faults, shells"), ("ssh", "SSH server: counters, faults")):
        sub = add(server, _steer, f"Steer a host's {text}.")
        sub.add_argument("name")
        sub.add_argument("request", help='JSON, for example {"op": "counters"}')
        sub.set_defaults(server=server)
    sub = add("down", _down, "End hosts; nothing of them is left.")
    sub.add_argument("names", nargs="*", metavar="name")
    sub.add_argument("--all", action="store_true", help="all running hosts")
    sub = add("inventory", _inventory, "Print an Ansible inventory of the running hosts.")
    sub.add_argument("--name", action="append", help="only this host (may be repeated)")
    sub.add_argument("--connection", choices=inventory.CONNECTIONS, default="winrm", help="the connection plugin")
    sub.add_argument("--certificate", action="store_true", help="a client certificate in place of the password")
    return parser


def _add_up(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("scenario", help="a name from lab/scenarios, or the path of a .toml file")
    sub.add_argument("--name", required=True, help="what to call the host")
    sub.add_argument("--port", type=int, default=0, help="port of WinRM on 127.0.0.1 (default: a free one)")
    sub.add_argument("--https", action="store_true", help="WinRM speaks HTTPS, with an authority of the host's own")
    sub.add_argument("--kerberos", action="store_true", help="a Kerberos realm of the host's own, with a KDC")
    sub.add_argument("--winrm", action="append", default=[], metavar="OPTION=VALUE", help="option of the WinRM server")
    _add_ssh(sub)
    sub.add_argument("--draw-seed", type=int, metavar="N", help="makes DNS's draw repeatable (default: a free draw)")
    sub.add_argument("--record", type=Path, metavar="FILE", help="write the transcripts that go over WinRM to a file")
    sub.add_argument("--foreground", action="store_true", help="stay, and log to standard output")
    sub.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)


def _add_ssh(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--ssh", action="store_true", help="an SSH server, too, on a separate port")
    sub.add_argument("--ssh-port", type=int, default=0, metavar="N", help="its port on 127.0.0.1 (default: a free one)")
    sub.add_argument("--ssh-default-shell", choices=DEFAULT_SHELLS, default="cmd", help="what runs the commands")
    sub.add_argument("--ssh-cut-commands", type=int, metavar="N", help="keep N characters of a command only")
    sub.add_argument("--ssh-cut-input", type=int, metavar="N", help="keep N bytes of a session's input only")


def _ssh_options(options: argparse.Namespace) -> SSHOptions | None:
    if not options.ssh:
        return None
    return SSHOptions(options.ssh_port, options.ssh_default_shell, options.ssh_cut_commands, options.ssh_cut_input)


def _ssh_arguments(options: argparse.Namespace) -> list[str]:
    """Return the same options again, for the process in the background."""
    pairs = [
        ("--ssh-port", options.ssh_port),
        ("--ssh-default-shell", options.ssh_default_shell),
        ("--ssh-cut-commands", options.ssh_cut_commands),
        ("--ssh-cut-input", options.ssh_cut_input),
    ]
    flags = ["--ssh"] if options.ssh else []
    return flags + [part for flag, value in pairs if value is not None for part in (flag, str(value))]


def _setup(options: argparse.Namespace) -> int:
    require_root("setting up the lab")
    if options.install:
        install_packages(missing_packages(kerberos=True))
    check_packages()
    root = ensure_root()
    programs = ensure_programs()
    versions = sorted({load_scenario(path).windows_version for path in _scenario_files()})
    for version in versions:
        ensure_template(version)
    print(f"root: {root}\nprograms: {programs}\nprefixes: {', '.join(versions)}")
    return 0


def _scenario_files() -> list[Path]:
    return [path for path in (LAB_DIR / "scenarios").glob("*.toml") if not path.stem.startswith("base-")]


def _up(options: argparse.Namespace) -> int:
    require_root("a lab host")
    if not options.foreground:
        return _up_in_background(options)
    # Imported here because the WinRM server's libraries are slow to load and no other command needs them.
    from portkeeper_lab.supervisor import Supervisor  # noqa: PLC0415

    scenario = load_scenario(find_scenario(options.scenario))
    if options.draw_seed is not None:
        scenario = scenario.with_draw_seed(options.draw_seed)
    supervisor = Supervisor(
        options.name,
        scenario,
        options.port,
        _winrm_options(options.winrm),
        options.record,
        ssh=_ssh_options(options),
        https=options.https,
        kerberos=options.kerberos,
    )
    supervisor.run(lambda port: _tell_ready(options.ready_fd, port))
    return 0


def _replay(options: argparse.Namespace) -> int:
    # Imported here for the same reason as the supervisor.
    from portkeeper_lab import replay, replay_fleet, replay_modules  # noqa: PLC0415
    from portkeeper_lab.winrm.server import Options  # noqa: PLC0415

    replay_fleet.raise_file_limit()
    try:
        recordings = [replay.Recording.load(path) for path in options.recordings]
        modules = replay_modules.Modules.load(options.modules, replay_fleet.FIRST_STATE) if options.modules else None
        chosen = Options(log=lambda line: print(line, file=sys.stderr), **_winrm_options(options.winrm))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabError(f"Nothing can be replayed: {error}") from error
    fleet = replay_fleet.Fleet(recordings, options.hosts, modules, options.profile, chosen, ssh=options.ssh)
    replay_fleet.serve(fleet)
    return 0


def _winrm_options(pairs: list[str]) -> dict[str, Any]:
    """OPTION=VALUE pairs; a value that is JSON is taken as such, anything else as text."""
    result: dict[str, Any] = {}
    for pair in pairs:
        name, _equals, text = pair.partition("=")
        try:
            result[name] = json.loads(text)
        except json.JSONDecodeError:
            result[name] = text
    return result


def _tell_ready(descriptor: int | None, port: int) -> None:
    if descriptor is None:
        print(f"WinRM answers on 127.0.0.1:{port}" if port else "The host is up; it has no WinRM", flush=True)
        return
    os.write(descriptor, f"{port}\n".encode())
    os.close(descriptor)


def _up_in_background(options: argparse.Namespace) -> int:
    """Start this program again in a separate session, and wait for the port on a pipe."""
    find_scenario(options.scenario)
    if not sweep(options.name):
        raise LabError(f"There is a host {options.name} already.")
    log = _log_path(options.name)
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "portkeeper_lab", "up", options.scenario, "--name", options.name]
    command += ["--port", str(options.port), "--foreground", "--ready-fd", str(writing)]
    command += [part for pair in options.winrm for part in ("--winrm", pair)]
    command += _ssh_arguments(options) + (["--https"] if options.https else [])
    command += ["--kerberos"] if options.kerberos else []
    command += [] if options.draw_seed is None else ["--draw-seed", str(options.draw_seed)]
    command += ["--record", str(options.record.resolve())] if options.record else []
    path = os.pathsep.join(filter(None, [str(LAB_DIR), os.environ.get("PYTHONPATH")]))
    with log.open("wb") as output:
        subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    with os.fdopen(reading, "r", encoding="ascii") as ready:
        port = ready.read().strip()
    if not port:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL:])
        raise LabError(f"{options.name} did not start. The end of {log}:\n{tail}")
    info = ask_once(options.name, {"op": "info"})
    if info["port"] is None:
        print(f"{options.name} is up: it has no WinRM, `lab exec` is its console")
        return 0
    if info["state"] == "blocked":
        how = "IPsec blocks the network (`lab exec` works), WinRM is closed"
    else:
        how = "WinRM answers"
    ssh = f", SSH on 127.0.0.1:{info['ssh']['port']}" if info["ssh"] else ""
    print(f"{options.name} is up: {how} on 127.0.0.1:{port}{ssh}")
    return 0


def _log_path(name: str) -> Path:
    return state_dir() / f"{name}.log"


def _list(_options: argparse.Namespace) -> int:
    row = "{:<20} {:<16} {:<8} {:>6} {:>8}"
    print(row.format("NAME", "SCENARIO", "STATE", "PORT", "PID"))
    for name in running_hosts():
        try:
            info = ask_once(name, {"op": "info"})
        except LabError:
            info = {"scenario": "?", "state": "booting", "port": "?", "pid": "?"}
        print(row.format(name, info["scenario"], info["state"], info["port"] or "-", info["pid"]))
    return 0


def _exec(options: argparse.Namespace) -> int:
    targets = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    code = 0
    for answer in ask(options.name, {"op": "exec", "line": " ".join(options.line)}):
        if "stream" in answer:
            target = targets[answer["stream"]]
            target.write(base64.b64decode(answer["data"]))
            target.flush()
        else:
            code = int(answer["exit_code"])
    if code > 255:
        print(f"lab: exit code {code} (0x{code:x})", file=sys.stderr)
        return 255
    return code


def _reboot(options: argparse.Namespace) -> int:
    ask_once(options.name, {"op": "reboot"})
    return 0


def _steer(options: argparse.Namespace) -> int:
    try:
        request = json.loads(options.request)
    except json.JSONDecodeError as error:
        raise LabError(f"The request is no JSON: {error}") from error
    print(json.dumps(ask_once(options.name, {"op": options.server, "request": request})["answer"], indent=2))
    return 0


def _down(options: argparse.Namespace) -> int:
    names = running_hosts() if options.all else options.names
    if not names and not options.all:
        raise LabError("Which host? Give names, or --all.")
    for name in names:
        if sweep(name):
            continue
        ask_once(name, {"op": "down"})
    end = time.monotonic() + DOWN_TIMEOUT
    while left := [name for name in names if host_dir(name).is_dir() and not sweep(name)]:
        if time.monotonic() > end:
            raise LabError(f"Still there after {DOWN_TIMEOUT:.0f} s: {', '.join(left)}.")
        time.sleep(0.05)
    for name in names:
        _log_path(name).unlink(missing_ok=True)
    return 0


def _inventory(options: argparse.Namespace) -> int:
    names = options.name or running_hosts()
    print(inventory.render([ask_once(name, {"op": "info"}) for name in names], options.connection, options.certificate))
    return 0
