# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quote, frame and validate the parts of every remote command line.

A command line for WinRM is one line that starts with our own literals. What may be put into it is decided here and
nowhere else: integers, names that we made ourselves (nonce, lock, backup), port ranges, and service keys of a narrow
alphabet. Anything else raises `BatchError` before a byte is sent.
"""

from __future__ import annotations

import re
import string

MAX_LINE = 8000
"""Characters of one command line for WinRM; cmd itself stops at 8,191 (KB830473), the rest is for its own prefix."""

MAX_SCRIPT_LINE = 2047
"""Characters of one line of a script file: the limit of Windows 2000 (KB830473)."""

ALPHABET = frozenset(string.ascii_letters + string.digits + " !\"#$%&'()*+,-./:;<=>?@[\\]^_|~")
"""Every character that a remote command line may hold. No control character, no quote of another shell."""

ROOT = r"%SystemRoot%\portkeeper"
"""Our folder on the host, for messages and for what does not run in system32.

It inherits the rights of %SystemRoot%, which on old releases let others than administrators in.
"""

OURS = r"..\portkeeper"
"""The same, seen from system32: short, and without a percent sign that a variable of `for` could be paired with."""

SYSTEM32 = r"%SystemRoot%\system32"
"""The current folder of everything that runs on a host.

cmd looks for a program in the current folder before it looks anywhere else. So the current folder is never one that
holds data, and others than administrators may be able to write to on old releases (KB825069, Q244600): it is the folder
of the tools themselves, which are called by name and ending.
"""

ERRORLEVEL = "%^errorlevel%"
"""The last error level inside one command line, where cmd would expand the plain form once and too early.

On a command line (not in a script) an unknown variable stays as it is and the caret is dropped, so that `call` sees
the real name. Only `call echo` may use it.
"""

A_PROCESS = "^ .*[^0-9a-z][1-9][0-9]* *$"
"""For findstr: the line of `sc queryex` that ends with the id of a process.

Labels are translated. Names stand at the margin; all other numbers of a service stand in front of a word or of
parentheses, or are hexadecimal.
"""

NO_PROCESS = "^ .*[^0-9a-z]0 *$"
"""For findstr: the same line of a service without a process."""

_NONCE = re.compile(r"[0-9a-f]{16}")
_SECTION = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SERVICE = re.compile(r"[A-Za-z0-9_.$ -]{1,80}")
_STAMPED = re.compile(r"[0-9]{1,12}-[0-9a-f]{16}")
_BACKUP = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}")


class BatchError(ValueError):
    """Something that must not or cannot be part of a remote command line; the message is one sentence."""


def nonce(text: str) -> str:
    """Return the nonce if it is 16 lower-case hex digits, else raise BatchError."""
    return _matching(_NONCE, text, "nonce")


def section_id(text: str) -> str:
    """Return the section id if it is well formed, else raise BatchError."""
    return _matching(_SECTION, text, "section id")


def lock_name(text: str) -> str:
    """Return `<UTC seconds>-<nonce>` if it is well formed, else raise BatchError."""
    return _matching(_STAMPED, text, "lock name")


def backup_id(text: str) -> str:
    """Return `<UTC time>-<nonce>` if it is well formed, else raise BatchError."""
    return _matching(_BACKUP, text, "backup id")


def service_key(text: str) -> str:
    """Return a service key if it keeps to the alphabet of service keys, else raise BatchError."""
    name = _matching(_SERVICE, text, "service key")
    if name != name.strip():
        raise BatchError(f"The service key {text!r} begins or ends with a space.")
    return name


def service(text: str) -> str:
    """Return a service key in quotes; see `service_key`."""
    return f'"{service_key(text)}"'


def number(value: int, highest: int) -> str:
    """Return an integer from 0 to `highest` as decimal digits, else raise BatchError."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= highest:
        raise BatchError(f"{value!r} is not a whole number from 0 to {highest}.")
    return str(value)


def state_is(state: int) -> str:
    """Return findstr's pattern for the line in which `sc query` shows a state from 1 to 7.

    A number with a word behind it; an exit code has parentheses there, and the type of a service is 10 at least.
    """
    return f"^ .*[^0-9a-z]{number(state, 7)}  *[^ (]"


def matching(pattern: str) -> str:
    """Render the command that searches its input for a line that matches the pattern."""
    return f'findstr.exe /i /r /c:"{pattern}"'


def port_range(text: str) -> str:
    """Return a canonical range `a-b` of ports 1-65535, else raise BatchError."""
    first, dash, last = text.partition("-")
    if not (dash and first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        raise BatchError(f"{text!r} is not a port range.")
    low, high = int(first), int(last)
    if not 1 <= low <= high <= 65535 or text != f"{low}-{high}":
        raise BatchError(f"{text!r} is not a port range in canonical form.")
    return text


def port_bounds(text: str) -> tuple[int, int]:
    """Return first and last port of a canonical range, else raise BatchError."""
    first, _dash, last = port_range(text).partition("-")
    return int(first), int(last)


def begin(run: str, name: str) -> str:
    """Render the command that opens a section of the transcript."""
    return f"echo #portkeeper {nonce(run)} begin {section_id(name)}"


def section(run: str, name: str, command: str) -> str:
    """Render one section of a command line: begin mark, command, end mark with the command's error level."""
    return f"{begin(run, name)}&{command}&call echo #portkeeper {run} end {name} {ERRORLEVEL}"


def wrap(run: str, parts: list[str]) -> str:
    """Render a whole command line: the transcript's first line and the parts, with empty input and no error output.

    All of it runs in SYSTEM32 or not at all, and names our files by their path from there (OURS). So no environment
    variable stands behind a variable of `for`, whose percent sign would be paired with that of the environment variable
    by some command processors.

    Raises:
        BatchError: longer than MAX_LINE or with a character outside ALPHABET.
    """
    body = "&".join([f"echo #portkeeper transcript 1 {nonce(run)}", *parts])
    return checked(f'(cd /d "{SYSTEM32}"&&({body}))<nul 2>nul')


def checked(line: str, limit: int = MAX_LINE) -> str:
    """Return the line if it keeps to the alphabet and to the limit in characters, else raise BatchError."""
    foreign = sorted(set(line) - ALPHABET)
    if foreign:
        raise BatchError(f"A command line would hold the characters {foreign!r}.")
    if len(line) > limit:
        raise BatchError(f"A command line would be {len(line)} characters long, cmd takes {limit}.")
    return line


def echoed(text: str) -> str:
    """Render the `echo` command that prints one line of a script literally, for use on a command line.

    Percent signs cannot be escaped on a command line; a caret behind an opening one makes the name unknown, so that
    nothing is expanded, and cmd removes it. In quotes it would stay.

    Raises:
        BatchError: a percent sign stands in quotes.
    """
    if any("%" in quoted for quoted in text.split('"')[1::2]):
        raise BatchError(f"{text!r} has a percent sign in quotes.")
    return "echo " + re.sub(r"%(\w+)%", r"%^\1%", escaped(text))


def escaped(text: str) -> str:
    """Escape the text for a command line, so that cmd treats every operator in it as a character.

    In quotes nothing is escaped, and a caret would stay. Environment variables are expanded.
    """
    parts = text.split('"')
    parts[::2] = [re.sub(r"([&|<>()^])", r"^\1", plain) for plain in parts[::2]]
    return '"'.join(parts)


def _matching(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not isinstance(text, str) or pattern.fullmatch(text) is None:
        raise BatchError(f"{text!r} is not a {what}.")
    return text
