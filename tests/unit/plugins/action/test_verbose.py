# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each verbosity shows what is documented of a running task."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.utils.display import Display

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_info,
    port_reservations,
    port_verify,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _verbose
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._verbose import LEVELS, TEXT_MAX
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import Clock, run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.test_way_back import NEW_MARK, LivelyHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    MARK,
    RUNNING,
    FakeHost,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ACTIONS = {
    "dns_restart": dns_restart,
    "host_reboot": host_reboot,
    "port_info": port_info,
    "port_reservations": port_reservations,
    "port_verify": port_verify,
}
OF_THE_CONNECTION = ("secret-password", "Administrator", "5985", "ntlm", "wsman")


class Heard(list[str]):
    """What is printed at the verbosity that was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(Display, "display", lambda _self, text, *_args, **_options: self.append(text))

    def at(self, verbosity: int) -> Heard:
        self._monkeypatch.setattr(Display(), "verbosity", verbosity)
        return self

    @property
    def text(self) -> str:
        return "\n".join(self)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(monkeypatch)


def run(name: str, host: FakeHost, **options: Any) -> dict[str, Any]:
    keywords = {"no_log": options.pop("no_log", False)}
    return run_task(ACTIONS[name], options.pop("wire", None) or FakeWire(host), options, **keywords)


@pytest.mark.parametrize("name", ACTIONS)
def test_without_verbosity_nothing_is_printed_or_put_together(
    name: str, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_verbose, "visible", lambda *_args: pytest.fail("it was put together"))
    run(name, FakeHost())
    assert heard.at(0) == []


@pytest.mark.parametrize("name", ACTIONS)
def test_at_1_one_line_says_what_was_done(name: str, heard: Heard) -> None:
    heard.at(1)
    result = run(name, FakeHost(), **({"force": True, "reboot_timeout": 60} if name == "host_reboot" else {}))
    (line,) = heard
    assert re.match(rf"<client01> {name} \(\d+\.\d s, \d+ commands?\): ", line)
    if result.get("failed"):
        assert line.endswith(f": failed in the phase {result['phase']}"), "Ansible prints the message"
    else:
        assert line.endswith(result["msg"].removeprefix("client01: "))


def test_a_host_that_was_not_reached_has_its_line(heard: Heard) -> None:
    heard.at(1)
    with pytest.raises(AnsibleConnectionFailure):
        run("port_info", FakeHost(), wire=FakeWire(FakeHost(), open_fault=ConnectionError("refused")))
    assert [line.partition("): ")[2] for line in heard] == ["the host was not reached"]


@pytest.mark.parametrize(("verbosity", "hidden"), [(1, True), (2, True), (3, False), (4, False)])
def test_facts_do_not_bury_the_line(verbosity: int, hidden: bool, heard: Heard) -> None:
    heard.at(verbosity)
    assert run("port_info", FakeHost()).get("_ansible_verbose_override", False) is hidden
    assert "_ansible_verbose_override" not in run("port_verify", FakeHost()), "it holds no facts"


def test_at_2_phases_and_the_window_are_followed(heard: Heard, clock: Clock) -> None:
    host = FakeHost(scheduler="hangs")
    clock.then[1] = lambda: None
    answers = iter([False, False, True])

    def look() -> tuple[str, int]:
        clock.sleep(40)
        return ("ended\nstop_dns 0\nstart_dns 0\n", 0) if next(answers) else ("", 0)

    host._on_window = look  # type: ignore[method-assign]
    heard.at(2)
    run("dns_restart", host)
    told = [line.partition(" s: ")[2] for line in heard if line.startswith("<client01> after ")]
    assert [line for line in told if line.startswith("phase")] == ["phase read", "phase restart", "phase verify"]
    assert "waits for the window: the host stops DNS and starts it again within 300 s" in told
    looks = [line for line in told if line.startswith("looks at the window")]
    assert [int(re.findall(r"\d+", line)[0]) // 40 for line in looks] == [0, 1, 2]
    assert "the window has ended" in told
    assert "sends" not in heard.text


def test_at_2_the_holder_of_the_lock_is_named_with_its_age(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeHost(locks=["1700000000-00000000000000cc"])
    monkeypatch.setattr(
        "ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.host_clock.HostClock.now",
        lambda _self: 1700000060,
    )
    heard.at(2)
    assert run("port_reservations", host)["failed"]
    assert "the lock of the host is held by 1700000000-00000000000000cc for 60 s: looks whether" in heard.text


@pytest.mark.parametrize(
    ("shown", "waits"),
    [
        ([], ["the host, which has not gone down yet, N of 60 s"]),
        (
            [MARK, NEW_MARK],
            [
                "the host, which has not gone down yet, N of 60 s",
                "a second answer of the host, which has booted, N of 60 s",
            ],
        ),
    ],
)
def test_at_2_what_a_boot_waits_for_is_named(shown: list[str], waits: list[str], heard: Heard) -> None:
    host = LivelyHost()
    run("port_reservations", host)
    marks = iter([MARK, *shown])

    def boot() -> tuple[str, int]:
        host.mark = next(marks, host.mark)
        return LivelyHost._on_boot(host)

    host._on_boot, host.boots_to = boot, MARK  # type: ignore[method-assign]
    heard.at(2)
    run("host_reboot", host, force=True, reboot_timeout=60)
    told = [re.sub(r"\d+ of", "N of", line.partition("waits for ")[2]) for line in heard if "waits for the host" in line
            or "second answer" in line]  # fmt: skip
    assert list(dict.fromkeys(told)) == ["the host, which was asked to reboot, N of 60 s", *waits]


def test_at_2_what_verify_waits_for_is_named(heard: Heard) -> None:
    host = FakeHost()
    host.services["PolicyAgent"] = Service(2, 600)
    heard.at(2)
    run("port_verify", host, timeout=12)
    waits = [line.partition("waits for ")[2] for line in heard if "waits for " in line]
    assert [re.sub(r"\d+ of", "N of", line) for line in waits] == ["PolicyAgent, N of 12 s"] * 2


def test_at_4_command_lines_and_answers_are_shown_and_cut(heard: Heard) -> None:
    host = FakeHost()
    heard.at(4)
    run("port_info", host)
    (sent,) = [text for text in heard if "> sends, for at most" in text]
    (answer,) = [text for text in heard if "answer of " in text]
    (line,) = host.lines
    assert line[:TEXT_MAX] in sent and line[: TEXT_MAX + 1] not in sent
    assert sent.endswith(f"[{len(line) - TEXT_MAX} more characters are not shown]")
    assert "exit code 0:\n    | #portkeeper transcript 1 " in answer
    assert len(answer) < 2 * TEXT_MAX and "more characters are not shown]" in answer


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x07", "\u009b".encode("latin-1").decode("cp437"), "\x00", "\x0b"])
def test_a_host_cannot_steer_the_terminal_or_forge_a_line(evil: str, heard: Heard) -> None:
    host = FakeHost()
    host._on_computer_name = lambda: (f"fatal: [client01]\r{evil}fatal: x\n", 0)  # type: ignore[method-assign]
    heard.at(4)
    run("port_info", host)
    printed = [line for text in heard for line in text.split("\n")]
    assert all(line.isprintable() for line in printed)
    assert not any(line.startswith("fatal") for line in printed)


@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_of_the_connection_is_shown_at_any_level(name: str, heard: Heard) -> None:
    heard.at(6)
    run(name, FakeHost(), **({"force": True, "reboot_timeout": 60} if name == "host_reboot" else {}))
    assert "sends" in heard.text
    assert [word for word in OF_THE_CONNECTION if word in heard.text] == []


def test_a_task_with_no_log_says_nothing(heard: Heard) -> None:
    heard.at(5)
    run("port_info", FakeHost(), no_log=True)
    assert heard == []


def test_verbosity_sends_no_command_more(heard: Heard) -> None:
    def lines(verbosity: int) -> list[str]:
        host = FakeHost()
        heard.at(verbosity)
        run("dns_restart", host, restart_group=f"group {verbosity}")
        assert host.services["PolicyAgent"].state == RUNNING
        return [re.sub(r"[0-9a-f]{16}|\d{9,}", "N", line) for line in host.lines]

    assert lines(0) == lines(4)


def test_the_documented_levels_are_the_real_ones() -> None:
    text = (Path(__file__).resolve().parents[4] / "docs" / "verbosity.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `-(v+)` \| (.+) \|$", text, re.MULTILINE)
    assert {len(option): told for option, told in rows} == LEVELS
