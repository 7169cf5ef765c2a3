# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find, fix and verify the conflict of MS08-037 on a simulated SBS 2003 server.

Every step says what it does, shows the point of what the tools print, and is asserted: a step that differs ends the
demo with an error. All that was printed is in a log. The lab hosts are stopped at the end in any case.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo_screen import Screen

from checkout import BIN, CHECKOUT, install_artifact

KEPT = CHECKOUT / "build" / "demo"
"""What a demo leaves: its log and the report of its last run."""

HOST = f"demo{os.getpid()}"
BLOCKED_HOST = f"{HOST}b"
SCENARIO = "sbs2003"
BLOCKED_SCENARIO = "sbs2003-block"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
EXPECTED_RESERVED = (
    "1080-1080 1433-1434 1645-1646 1701-1701 1718-1720 1745-1745 1801-1801 1812-1813 2883-2883 3343-3343 3500-3619"
    " 4070-4071 4500-4500"
).split()
NEEDED_PORTS = {
    port for entry in EXPECTED_RESERVED for low, high in [entry.split("-")] for port in range(int(low), int(high) + 1)
}
RESTARTS = 20


class DemoError(Exception):
    """A step did not end as it should; the message says how."""


@dataclass
class Run:
    """Exit code and output of one command."""

    returncode: int
    output: str


class Demo:
    """The lab host, the installed collection and the commands on them."""

    def __init__(self, folder: Path, screen: Screen) -> None:
        """Install the collection from its artifact into a separate folder."""
        self.folder = folder
        self.screen = screen
        self.environment = {
            **os.environ,
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "home" / "tmp"),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT / "lab"),
        }
        with screen.waiting("Building and installing the collection"):
            install_artifact(folder, self.environment)

    def expect(self, condition: bool, sentence: str) -> None:
        """End the demo unless the condition holds; otherwise say so."""
        if not condition:
            raise DemoError(sentence)
        self.screen.passed(sentence)

    def call(self, command: list[str]) -> Run:
        """Run a command in the demo's folder."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        return Run(done.returncode, done.stdout)

    def lab(self, *arguments: str) -> str:
        """Run the lab's command line; a failure ends the demo."""
        done = self.call([sys.executable, "-m", "portkeeper_lab", *arguments])
        if done.returncode:
            raise DemoError(f"lab {' '.join(arguments)}: exit code {done.returncode}\n{done.output}")
        return done.output

    def up(self, scenario: str, host: str) -> None:
        """Start a lab host and write its inventory."""
        with self.screen.waiting("Starting a lab host"):
            self.lab("up", scenario, "--name", host, "--winrm", "full_chunks=true")
        Path(self.folder, f"{host}.yml").write_text(self.lab("inventory", "--name", host), encoding="utf-8")

    def inside(self, line: str, host: str = HOST) -> str:
        """Run a cmd line at the host's console, without WinRM, and return its output for any exit code."""
        return self.call([sys.executable, "-m", "portkeeper_lab", "exec", host, "--", line]).output

    def playbook(
        self, name: str, *options: str, show: Sequence[str] = ("recap",), hosts: Sequence[str] = (HOST,)
    ) -> Run:
        """Run one of the collection's playbooks as a user would, and show the parts of its output that matter."""
        inventories = [word for host in hosts for word in ("-i", f"{host}.yml")]
        command = ["ansible-playbook", *inventories, f"portkeeper.windows_dns.{name}", *options]
        self.screen.command(command)
        with self.screen.waiting("took"):
            run = self.call(command)
        self.screen.excerpt(run.output, show)
        return run

    def keep_report(self) -> dict[str, object]:
        """Copy the report of the last run to where it stays; return its summary."""
        summary = max((self.folder / "artifacts").glob("*/summary.json"), key=lambda path: path.stat().st_mtime)
        shutil.copy(summary.with_name("report.html"), KEPT)
        loaded: dict[str, object] = json.loads(summary.read_text(encoding="utf-8"))
        return loaded

    def reserved_ports(self) -> list[str]:
        """Read ReservedPorts with the host's own reg.exe, in the order in which it stands there."""
        shown = self.inside(f'reg query "{TCPIP}" /v ReservedPorts')
        return re.findall(r"\d+-\d+", shown.replace("\\0", " "))

    def registry(self) -> str:
        """Return everything that the host's own reg.exe exports of the keys that matter."""
        keys = (TCPIP, r"HKLM\SYSTEM\CurrentControlSet\Services", r"HKLM\SOFTWARE\portkeeper")
        return "".join(self.inside(f'reg query "{key}" /s') for key in keys)

    def running(self, service: str) -> bool:
        """Return whether the host's service manager says that a service runs (state 4)."""
        return bool(re.search(r":\s*4\s", self.inside(f"sc query {service}")))

    def dns_ports(self) -> set[int]:
        """Return the UDP ports that the DNS process holds, by the host's own netstat."""
        pids = re.findall(r'"dns\.exe","(\d+)"', self.inside("tasklist /fo csv /nh"), re.IGNORECASE)
        rows = re.findall(r"UDP\s+\S+:(\d+)\s+\S+\s+(\d+)", self.inside("netstat -ano -p udp"))
        return {int(port) for port, pid in rows if pid in pids}


def recap(run: Run) -> dict[str, int]:
    """Return the numbers of the play recap."""
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", run.output.rsplit("PLAY RECAP", 1)[-1])}


def show_conflict(demo: Demo) -> None:
    """Show the conflict: DNS started first and its draw holds 1645 and 4500."""
    ports = demo.dns_ports()
    demo.screen.say(f"dns.exe holds {len(ports)} UDP ports.", "    ")
    demo.expect({1645, 4500} <= ports, "among them 1645 (RADIUS) and 4500 (IPsec NAT-T)")
    demo.expect(not demo.running("IAS") and not demo.running("PolicyAgent"), "IAS and IPSEC Services are down")


def failing_verify(demo: Demo) -> None:
    """Diagnose: verify fails and names the process, its PID and the error number."""
    run = demo.playbook("verify", show=("error",))
    demo.expect(run.returncode == 2, "verify fails")
    demo.expect("dns.exe" in run.output and "10048" in run.output, "and names dns.exe and error 10048 as the reason")
    demo.expect(bool(re.search(r"PID \d+", run.output)), "with the process id of the holder")


def check_mode(demo: Demo) -> None:
    """Check first: --check --diff shows what would be written, and changes nothing."""
    before = demo.registry()
    run = demo.playbook("reserve_ports", "--check", "--diff", show=("diff", "recap"))
    demo.expect(run.returncode == 0 and recap(run)["failed"] == 0, "the check run does not fail on a broken host")
    demo.expect(recap(run)["changed"] >= 1, "it reports changes")
    demo.expect(demo.registry() == before, "the registry is the same as before")


def real_run(demo: Demo) -> None:
    """Fix it: reserve the ports, stop DNS, start what was down, start DNS, verify."""
    run = demo.playbook("reserve_ports", "--diff", show=("warning", "recap"))
    demo.expect(run.returncode == 0, "the run succeeds")
    demo.expect(demo.reserved_ports() == EXPECTED_RESERVED, "ReservedPorts is " + " ".join(EXPECTED_RESERVED))
    demo.expect(all(map(demo.running, ("IAS", "PolicyAgent", "DNS"))), "IAS, IPSEC Services and DNS run")


def second_run(demo: Demo) -> None:
    """Run again: nothing is changed, and the run reports that the reservations still wait for a reboot."""
    run = demo.playbook("reserve_ports", show=("warning", "recap"))
    demo.expect(run.returncode == 0 and recap(run)["changed"] == 0, "nothing changed")
    demo.expect("waits for a reboot" in run.output, "the pending reboot is plainly said")
    run = demo.playbook("drift", show=("report",))
    demo.expect(run.returncode == 2, "drift ends with exit code 2 while the reboot is pending")


def reboot(demo: Demo) -> None:
    """Reboot, so that the reservations take effect (KB812873)."""
    with demo.screen.waiting("The server reboots"):
        demo.lab("reboot", HOST)
    run = demo.playbook("reserve_ports")
    demo.expect(
        recap(run)["changed"] == 0 and "waits for a reboot" not in run.output, "nothing to do and nothing pending"
    )
    run = demo.playbook("drift", show=("report",))
    demo.expect(run.returncode == 0, "drift ends with exit code 0")


def restarts(demo: Demo) -> None:
    """Start DNS twenty times, each with a new draw: no needed port is taken."""
    for count in range(1, RESTARTS + 1):
        demo.inside("net stop DNS & net start DNS")
        ports = demo.dns_ports()
        taken = sorted(ports & NEEDED_PORTS)
        if taken or len(ports) < 2000:
            raise DemoError(f"restart {count}: DNS holds {len(ports)} UDP ports, among them {taken}")
        demo.screen.progress(count, RESTARTS, "restarts of DNS")
    demo.expect(True, f"{RESTARTS} restarts, the last with {len(ports)} UDP ports, and no needed port among them")


def drift(demo: Demo) -> None:
    """Empty ReservedPorts from outside: the drift check finds it and still changes nothing."""
    demo.inside(f'reg delete "{TCPIP}" /v ReservedPorts /f')
    run = demo.playbook("drift", show=("report",))
    demo.expect(run.returncode == 2, "drift ends with exit code 2")
    demo.expect(demo.reserved_ports() == [], "and the check itself wrote nothing")
    demo.expect(demo.keep_report()["worst"] == "drifted", "the summary says: drifted")


def block_mode(demo: Demo) -> None:
    """Show the worst case: IPsec fails at boot, its driver blocks, and the server is off the network (event 4292)."""
    demo.up(BLOCKED_SCENARIO, BLOCKED_HOST)
    blocked = (BLOCKED_HOST,)
    run = demo.playbook("verify", show=("error",), hosts=blocked)
    demo.expect(run.returncode == 4, "the host is UNREACHABLE")
    demo.expect(
        "IPsec block mode" in run.output, "and the message says what that can mean, and what to do at the console"
    )
    for command in ("net stop DNS /y", "net start PolicyAgent", "net start DNS"):
        demo.screen.say(f"At the console: {command}", "    ")
        demo.inside(command, BLOCKED_HOST)
    run = demo.playbook("reserve_ports", "-e", "reserve_ports_reboot=if_required", hosts=blocked)
    demo.expect(run.returncode == 0, "the host answers again; its ports are reserved, and it was rebooted")
    run = demo.playbook("drift", show=("report",), hosts=(HOST, BLOCKED_HOST))
    counts = demo.keep_report()["counts"]
    expected = isinstance(counts, dict) and (counts["safe"], counts["drifted"]) == (1, 1)
    demo.expect(run.returncode == 2 and expected, "after the boot this host is safe; the first one is drifted still")


STEPS: tuple[Callable[[Demo], None], ...] = (
    show_conflict,
    failing_verify,
    check_mode,
    real_run,
    second_run,
    reboot,
    restarts,
    drift,
    block_mode,
)


def _ended(_number: int, _frame: object) -> None:
    raise DemoError("it was ended from outside")


def main() -> int:
    """Run all steps on fresh lab hosts; stop them in any case."""
    signal.signal(signal.SIGTERM, _ended)
    screen = Screen(KEPT / "demo.log")
    log, report = (os.path.relpath(KEPT / name) for name in ("demo.log", "report.html"))
    screen.title(
        "DNS takes the ports that IPsec and RADIUS need: found, fixed and verified on a simulated SBS 2003",
        f"{len(STEPS)} steps, three to five minutes. All that Ansible prints: {log}",
    )
    with tempfile.TemporaryDirectory(prefix="portkeeper-demo-") as name:
        demo = Demo(Path(name), screen)
        try:
            demo.up(SCENARIO, HOST)
            for number, step in enumerate(STEPS, 1):
                screen.step(number, len(STEPS), (step.__doc__ or "").strip())
                step(demo)
        except DemoError as error:
            print(f"\nThe demo failed: {error}\nAll that was printed: {log}", file=sys.stderr)
            return 1
        finally:
            for host in (HOST, BLOCKED_HOST):
                demo.call([sys.executable, "-m", "portkeeper_lab", "down", host])
    print()
    screen.title(
        "Everything held. The lab hosts are stopped; nothing of them is left running.",
        f"Look at the report of both servers in a browser: {report}",
        "Try it yourself: lab/README.md starts a host of your own in one command.",
        "Use it on your servers: README.md begins with the inventory and the first check.",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
