# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every parser of untrusted text as a function of bytes, and the text that a hostile host sends.

A reader here returns, or raises the one error that its caller is told of; anything else is a fault. The properties of
`make test` and the targets of `make fuzz` share this table.
"""

from __future__ import annotations

import copy
import datetime
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands import lock, lock_state
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import facts
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet import accepted_risks, artifact, gate
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers import (
    netsh,
    netstat,
    reg_query,
    sc,
    tasklist,
    transcript,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows import registry_file
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import host_clock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import artifact_path
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._fleet import runs
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import backup_read
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.backup import BackupError

NONCE = "0123456789abcdef"
HOST = "client01"
Reader = Callable[[bytes], object]


def _text(data: bytes) -> str:
    return transcript.decode(data)


def _section(data: bytes) -> object:
    """Return the bytes as the content of every section of a transcript with a nonce, and as a whole transcript."""
    parts = [f"#portkeeper transcript 1 {NONCE}\n".encode()]
    for name in SECTIONS:
        parts += [f"#portkeeper {NONCE} begin {name}\n".encode(), data, b"\n"]
        parts.append(f"#portkeeper {NONCE} end {name} 0\n".encode())
    facts.parse_transcript(b"".join(parts))
    return facts.parse_transcript(data)


def _registry(data: bytes) -> object:
    text = _text(data)
    list(reg_query.reg_lines(text))
    return reg_query.parse_reg(text)


def _lock(data: bytes) -> object:
    lines = _text(data).split("\n")
    state = lock_state.parse_survey(lines, lines, lines, lines)
    verdicts = [lock_state.decide_takeover(state, now, seen) for now in (None, 1_764_000_000) for seen in (0, 601)]
    lines = [lock.takeover_line(NONCE, f"1-{NONCE}", each) for each in verdicts if not isinstance(each, str)]
    return verdicts, lines, host_clock.utc_seconds(_text(data))


def _netsh(data: bytes) -> object:
    text = _text(data)
    return (
        netsh.parse_dynamicport(text),
        netsh.parse_excludedportrange(text),
        netsh.is_empty_table(text),
    )


@contextmanager
def _file(data: bytes, *place: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).joinpath(*place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        yield path


def _backup(data: bytes) -> object:
    with _file(data, "backup.json") as path:
        backup = backup_read.read_backup(path)
        return [backup_read.shown_value(row.before) for row in backup.rows]


def _read_artifact(data: bytes) -> object:
    with _file(data, "run", "client01.json") as path:
        assert path == artifact_path(str(path.parent.parent), "run", HOST)
        found, defects = runs.read_artifacts(path.parent, [HOST])
        accepted = accepted_risks.parse_accepted(
            [{"host": HOST, "ports": ["4500"], "reason": "known", "expires": "2030-01-01"}]
        )
        rules = gate.Rules(0.5, accepted, datetime.date(2026, 11, 23))
        return gate.judge([HOST], found, rules, defects).as_dict()


READERS: dict[str, tuple[Reader, tuple[type[Exception], ...]]] = {
    "transcript": (transcript.split_transcript, (transcript.TranscriptError,)),
    "facts": (_section, (transcript.TranscriptError,)),
    "netsh": (_netsh, ()),
    "netstat": (lambda data: netstat.parse_netstat(_text(data)), ()),
    "reg": (_registry, ()),
    "regfile": (registry_file.read_reg, (registry_file.RegFileError,)),
    "regfile_text": (lambda data: registry_file.read_reg(_text(data)), (registry_file.RegFileError,)),
    "sc": (lambda data: sc.parse_sc(_text(data)), ()),
    "tasklist": (lambda data: tasklist.parse_tasklist(_text(data)), ()),
    "lock": (_lock, ()),
    "backup": (_backup, (BackupError,)),
    "artifact": (_read_artifact, ()),
}
"""By name: the reader, and the errors it may raise."""


def read(name: str, data: bytes) -> None:
    """Let a reader read; its own errors are fine, any other exception goes on."""
    reader, own = READERS[name]
    try:
        reader(data)
    except own:
        return


JINJA = (
    "{{ 7*7 }}",
    "{% for x in range(9) %}x{% endfor %}",
    "{{ lookup('pipe', 'id') }}",
    "{# #}",
    "{{ cycler.__init__.__globals__ }}",
)
KEY = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
TOKENS: tuple[str, ...] = (
    *JINJA,
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "<script>alert(1)</script>",
    "& del /q C:\\* &",
    "%PATH%",
    "$(reboot)",
    "`id`",
    f"#portkeeper transcript 1 {NONCE}\n",
    "#portkeeper transcript 1 ffffffffffffffff\n",
    "#portkeeper transcript 999999999\n",
    f"#portkeeper {NONCE} begin tcpip\n",
    f"#portkeeper {NONCE} end tcpip 0\n",
    f"#portkeeper {NONCE} end tcpip 99999999999999\n",
    "#portkeeper begin netstat\n",
    f"{KEY}\n",
    "    ReservedPorts\tREG_MULTI_SZ\t1-2\\0{{ 7*7 }}\\0\\0\n",
    "    MaxUserPort    REG_DWORD    0xffffffffffffffff\n",
    "    SocketPoolSize    REG_DWORD    reg add HKLM /f\n",
    "Windows Registry Editor Version 5.00\n",
    "REGEDIT4\n",
    f"[{KEY}]\n",
    '"v"=hex(7):31,00,\\\n  00,00\n',
    '"v"=hex(ffffffff):zz\n',
    '"v"="x\\"\n',
    "@=dword:0000000\n",
    " " * 500,
    "SERVICE_NAME: {{ 7*7 }}\n",
    "        STATE              : 4  RUNNING\n",
    "        WIN32_EXIT_CODE    : -1  (0xffffffff)\n",
    '"dns.exe","99999999999","Console","0","4 K"\n',
    "  UDP    [fe80::1%{{7*7}}]:4500    *:*    4294967295\n",
    "  UDP    0.0.0.0:99999    *:*    1\n",
    "Start Port      : 99999999999999999999\n",
    "999999999999-0123456789abcdef\n",
    "window-999999999999-0123456789abcdef\n",
    "１４３３",
    "\ufeff",
    "\u202e",
    "\x00",
    "\r\n",
    "\n",
    "\t",
    ":",
    "-",
    "9" * 5000,
    "{" * 3000,
    "[" * 3000,
)
"""Imitated section lines, commands, templates, markup, terminal escapes, and beginnings of every format."""


def backup_document() -> dict[str, Any]:
    """Return a backup that can be read; see `_backup.backup_content`."""
    return {
        "format": 1,
        "id": f"20261123T160000Z-{NONCE}",
        "kind": "change",
        "call": None,
        "computer_name": "CLIENT01",
        "host_folder": "x",
        "settings": [
            {
                "setting": "socket_pool_size",
                "key": r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters",
                "value_name": "SocketPoolSize",
                "absent": False,
                "type_number": 4,
                "hex": "c4090000",
                "after": 2500,
            },
            {"setting": "excluded_udp4", "before": [], "after": ["1-2"], "deferred": [], "removed": []},
        ],
    }


def artifact_document() -> dict[str, Any]:
    """Return an artifact that can be judged: of a host whose check failed."""
    time = "2026-11-23T01:00:00Z"
    result = {"failed": True, "msg": "the check failed", "phase": "read"}
    return artifact.build(HOST, None, None, result, "night", None, True, time)


def encoded(document: object) -> bytes:
    """Return a document as the bytes of a file."""
    return json.dumps(document).encode()


def places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every place in a document."""
    yield at
    if isinstance(document, list):
        document = dict(enumerate(document))
    for name, inner in document.items() if isinstance(document, dict) else ():
        yield from places(inner, (*at, name))


def replaced(document: Any, at: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value in one place."""
    if not at:
        return value
    made = copy.deepcopy(document)
    holder = made
    for name in at[:-1]:
        holder = holder[name]
    holder[at[-1]] = value
    return made
