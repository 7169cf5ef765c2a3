# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what a task does, depending on Ansible's verbosity. No other file prints.

Texts are put together only if they are shown. What comes from a host is cut and escaped, so that it can neither flood a
terminal nor steer it. Passwords are not known here: command lines are made of our own words, numbers and service keys.
A task with `no_log` says nothing.
"""

from __future__ import annotations

import time

from ansible import constants
from ansible.utils.display import Display

from ..module_utils._report.escape import visible

DONE, STEPS, RESULTS, COMMANDS = 1, 2, 3, 4

LEVELS = {
    DONE: "one line per host and task: what was done, in how many seconds and remote commands",
    STEPS: "the phases of each task, and its waits: who or what is waited for, and how long",
    RESULTS: "the whole result with facts and plan, as Ansible prints it",
    COMMANDS: "each remote command line and its answer, the first 2,000 characters of each",
}
"""What is added from which verbosity on; docs/verbosity.md has the same table."""

TEXT_MAX = 2000
"""Characters of a command line, and of an answer, that are shown."""

_VALUE_MAX = 300
_MARGIN = "\n    | "
"""The prefix of each line that the collection did not write, so that none looks like a line of Ansible's."""


class Verbose:
    """Prints for one task on one host."""

    def __init__(self, host: str, silent: bool = False) -> None:
        """Start to count the task's seconds. A silent one says nothing at any verbosity."""
        self._host, self._silent = host, silent
        self._began = time.monotonic()
        self._phase = ""

    def shows(self, level: int) -> bool:
        """Return whether this level is visible, on the screen or in Ansible's log."""
        logged = getattr(Display(), "log_verbosity", 0) if constants.DEFAULT_LOG_PATH else 0
        return self.shows_on_screen(level) or (level <= logged and not self._silent)

    def shows_on_screen(self, level: int) -> bool:
        """Return whether this level is visible on the screen."""
        return not self._silent and level <= Display().verbosity

    def done(self, task: str, text: str, commands: int) -> None:
        """Print the summary line of a task.

        Args:
            task: name of the module.
            text: what it did, or that it failed.
            commands: remote commands that were sent.
        """
        if self.shows(DONE):
            counted = "1 command" if commands == 1 else f"{commands} commands"
            what = visible(text.removeprefix(f"{self._host}: "))
            self._say(DONE, f"{task} ({self._seconds():.1f} s, {counted}): {what}")

    def wait_for_host(self, holder: str, whose: str) -> None:
        """Report that another host is waited for. It is always shown, because the run seems to hang meanwhile."""
        if not self._silent:
            text = f"{visible(self._host)} waits for {visible(holder, _VALUE_MAX)}: that host of {visible(whose)}"
            Display().display(f"{text} restarts DNS or reboots.")

    def step(self, text: str, *values: object) -> None:
        """Report a step or a wait; `text` is a format for the values."""
        if self.shows(STEPS):
            line = text.format(*(visible(value, _VALUE_MAX) if isinstance(value, str) else value for value in values))
            self._say(STEPS, f"after {self._seconds():.1f} s: {line}")

    def phase(self, name: str) -> None:
        """Report the phase of the commands that follow, if it is a new one."""
        if name != self._phase:
            self._phase = name
            self.step("phase {}", name)

    def command(self, line: str, timeout: float) -> None:
        """Report a command line that is sent now."""
        if self.shows(COMMANDS):
            self._say(COMMANDS, f"sends, for at most {timeout:.0f} s:{_shown(line, len(line))}")

    def answer(self, output: bytes, exit_code: int) -> None:
        """Report the answer. Each byte is a character of the shell's code page."""
        if self.shows(COMMANDS):
            text = output[:TEXT_MAX].decode("cp437")
            line = f"answer of {len(output)} bytes, exit code {exit_code}:{_shown(text, len(output))}"
            self._say(COMMANDS, f"after {self._seconds():.1f} s: {line}")

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _say(self, level: int, text: str) -> None:
        Display().verbose(text, host=visible(self._host), caplevel=level - 1)


def _shown(text: str, length: int) -> str:
    """Format untrusted text line by line. The end of a long text is only counted.

    Args:
        text: at least its beginning.
        length: characters of all of it.
    """
    lines = text[:TEXT_MAX].rstrip("\r\n").split("\n")
    shown = "".join(f"{_MARGIN}{visible(line.rstrip(chr(13)), TEXT_MAX)}" for line in lines)
    return shown + (f"\n    [{length - TEXT_MAX} more characters are not shown]" if length > TEXT_MAX else "")


SILENT = Verbose("", silent=True)
"""For work that no task speaks for."""
