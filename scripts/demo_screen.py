# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of the demo: headings, waits, excerpts of Ansible's output. The whole of it goes into a log."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

WIDEST = 110
"""Longer lines are tiring to read."""

END_OF_RESULT = re.compile(r"(ok|changed|skipping|fatal|failed): \[|\[(WARNING|ERROR)\]: |(TASK|PLAY|RUNNING HANDLER) ")


def _find_message(kind: str) -> Callable[[list[str]], list[str]]:
    """Return a function that finds Ansible's first line of a kind, without the words that Ansible puts before it."""
    pattern = re.compile(rf"\[{kind}\]: (?:Task failed: )?(?:Action failed: )?(.*)")

    def find(lines: list[str]) -> list[str]:
        return [found[1] for line in lines if (found := pattern.match(line))][:1]

    return find


def _find_block(begin: str) -> Callable[[list[str]], list[str]]:
    """Return a function that finds the first block of lines from one that begins so to the end of what a task shows."""

    def find(lines: list[str]) -> list[str]:
        first = next((n for n, line in enumerate(lines) if line.startswith(begin)), len(lines))
        last = next((n for n, line in enumerate(lines[first:], first) if END_OF_RESULT.match(line)), len(lines))
        return [line for line in lines[first:last] if line.strip()]

    return find


def _find_recap(lines: list[str]) -> list[str]:
    """Find the counts of the recap, without those that are 0."""
    after = lines[next((n for n, line in enumerate(lines, 1) if line.startswith("PLAY RECAP")), len(lines)) :]
    return [re.sub(r"\s+\w+=0\b|\s+(?=:)", "", line) for line in after if line.strip()]


EXCERPTS: dict[str, Callable[[list[str]], list[str]]] = {
    "error": _find_message("ERROR"),
    "warning": _find_message("WARNING"),
    "diff": _find_block("--- before"),
    "report": _find_block("Port reservations of"),
    "recap": _find_recap,
}
"""Name of an excerpt -> what finds it among the lines of a playbook's output."""

MADE_TO_FIT = ("report",)
"""Excerpts whose lines are made for 80 columns; they are shown as they are, from the first column on."""


class Screen:
    """A terminal or a log, and the file that keeps what is not shown."""

    def __init__(self, log: Path) -> None:
        """Begin with an empty log file; its folder is made."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("", encoding="utf-8")
        self.path = log
        self.width = min(shutil.get_terminal_size((80, 24)).columns, WIDEST)
        self.live = sys.stdout.isatty()
        self.began = time.monotonic()

    def say(self, text: str = "", indent: str = "", hanging: str | None = None) -> None:
        """Print one paragraph, wrapped; further lines begin with ``hanging``."""
        wrapped = textwrap.wrap(
            text,
            self.width,
            initial_indent=indent,
            subsequent_indent=indent if hanging is None else hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        print("\n".join(wrapped), flush=True)

    def title(self, heading: str, *lines: str) -> None:
        """Print what the demo is about."""
        print("=" * self.width)
        for line in (heading, *lines):
            self.say(line)
        print("=" * self.width, flush=True)

    def step(self, number: int, count: int, heading: str) -> None:
        """Begin a step: its number, what it shows, and the time since the demo began."""
        self.log(f"\n==== {number}/{count} {heading}\n")
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        print("\n" + f"-- {number} of {count} ".ljust(self.width - 7, "-") + f" {minutes:2}:{seconds:02}")
        self.say(heading)

    def passed(self, sentence: str) -> None:
        """Print what was checked and holds."""
        self.say(sentence, "  ok  ", " " * 6)

    def command(self, words: Sequence[str]) -> None:
        """Print a command line, in lines that a shell would take as one."""
        lines = textwrap.wrap(" ".join(words), self.width - 6, break_long_words=False, break_on_hyphens=False)
        print("  $ " + " \\\n      ".join(lines), flush=True)
        self.log(f"\n$ {' '.join(words)}\n")

    def excerpt(self, output: str, kinds: Sequence[str]) -> None:
        """Print parts of a playbook's output, and keep all of it in the log.

        Args:
            output: what the playbook printed.
            kinds: keys of EXCERPTS, in the order in which they are shown.
        """
        self.log(output)
        lines = output.splitlines()
        for kind in kinds:
            for line in EXCERPTS[kind](lines):
                if kind in MADE_TO_FIT:
                    print(line, flush=True)
                    continue
                blanks = " " * (len(line) - len(line.lstrip()))
                self.say(line, "  | ", f"  | {blanks}  ")

    def log(self, text: str) -> None:
        """Add text to the log file."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Say for how long something takes: on a terminal while it does, in a log once it is done."""
        began = time.monotonic()
        done = threading.Event()

        def tick() -> None:
            while not done.wait(1):
                print(f"\r    {what} ... {time.monotonic() - began:.0f} s", end="", flush=True)

        ticker = threading.Thread(target=tick, daemon=True)
        if self.live:
            ticker.start()
        try:
            yield
        finally:
            done.set()
            if self.live:
                ticker.join()
                print("\r" + " " * (self.width - 1) + "\r", end="")
            print(f"    {what}: {time.monotonic() - began:.0f} s", flush=True)

    def progress(self, done: int, count: int, what: str) -> None:
        """Show how much of a long piece of work is done: a bar on a terminal, every quarter of it in a log."""
        if self.live:
            bar = ("#" * (20 * done // count)).ljust(20, ".")
            print(f"\r    [{bar}] {done} of {count} {what}", end="\n" if done == count else "", flush=True)
        elif done * 4 % count < 4:
            print(f"    {done} of {count} {what}", flush=True)
