# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inject faults on demand.

A rule names a kind and when it fires: at the n-th HTTP request since it was armed (the NTLM handshake counts), or with
an action at the n-th message of that action. Each kind is a row of one of four tables, by the moment at which it acts:
ARRIVAL before anything is executed, EXECUTION instead of it, BODY on the answer's envelope, WIRE on the answer's bytes.
"""

from __future__ import annotations

import dataclasses
import re
import socket
import threading
import time
from collections.abc import Callable

from . import soap
from .faults import DropConnection, SoapFault
from .http import Response
from .soap import Message


@dataclasses.dataclass
class Rule:
    """One fault to inject.

    Attributes:
        kind: a key of KINDS.
        request: number of the first matching request that it hits, from 1.
        action: short action name; then only decoded messages of this action count.
        times: how many matching requests it hits; 0 is every one from then on.
        seconds: length of a delay, a hang (None: until the server stops), or a pause between bytes.
        share: part of the reply that cut_reply lets through.
        size: bytes of a huge reply.
        call: what call_before and call_after run, for example a reboot or somebody else's change.
        seen: matching requests so far.
        fired: how often it has hit.
    """

    kind: str
    request: int = 1
    action: str | None = None
    times: int = 1
    seconds: float | None = None
    share: float = 0.5
    size: int = 200 * 1024 * 1024
    call: Callable[[], object] | None = dataclasses.field(default=None, repr=False)
    seen: int = 0
    fired: int = 0

    def run(self) -> None:
        """Run `call`."""
        if self.call is not None:
            self.call()


def _delay(rule: Rule, stop: threading.Event) -> Response | None:
    stop.wait(1.0 if rule.seconds is None else rule.seconds)
    return None


def _hang(rule: Rule, stop: threading.Event) -> Response | None:
    stop.wait(rule.seconds)
    raise DropConnection("hang")


def _drop(rule: Rule, stop: threading.Event) -> Response | None:
    raise DropConnection(rule.kind)


def _call_before(rule: Rule, stop: threading.Event) -> Response | None:
    rule.run()
    return None


def _unauthorized(rule: Rule, stop: threading.Event) -> Response | None:
    return Response(401, headers=(("WWW-Authenticate", "Negotiate"),))


def _html(rule: Rule, stop: threading.Event) -> Response | None:
    return Response(200, b"<!DOCTYPE html><html><title>Welcome</title><body>It works<br></html>", "text/html")


def _xhtml(rule: Rule, stop: threading.Event) -> Response | None:
    return Response(200, b"<html><title>Welcome</title><body>It works</body></html>", "text/html")


def _unavailable(rule: Rule, stop: threading.Event) -> Response | None:
    return Response(503, close=True)


ARRIVAL: dict[str, Callable[[Rule, threading.Event], Response | None]] = {
    "drop_before": _drop,
    "delay": _delay,
    "hang": _hang,
    "call_before": _call_before,
    "unauthorized": _unauthorized,
    "html": _html,
    "xhtml": _xhtml,
    "unavailable": _unavailable,
}

EXECUTION: dict[str, str] = {
    "quota": "quota_operations",
    "quota_shells": "quota_shells",
    "shell_gone": "shell_gone",
    "operation_timeout": "operation_timeout",
    "access_denied": "access_denied",
    "aborted": "aborted",
}


def _wrong_message_id(rule: Rule, message: Message, xml: bytes) -> bytes:
    return re.sub(rb"(<a:RelatesTo>)[^<]*", rb"\1uuid:00000000-0000-0000-0000-000000000000", xml)


def _command_id(message: Message) -> str:
    node = message.find("rsp:Receive/rsp:DesiredStream")
    return "" if node is None else node.get("CommandId", "")


def _receive(message: Message, chunks: list[tuple[str, bytes]]) -> bytes:
    body = soap.receive_body(_command_id(message), chunks, 0)
    return soap.envelope(f"{soap.SHELL}/ReceiveResponse", message.message_id, body)


def _empty(rule: Rule, message: Message, xml: bytes) -> bytes:
    return _receive(message, [])


def _half_output(rule: Rule, message: Message, xml: bytes) -> bytes:
    chunks = []
    for name, text in re.findall(rb'<rsp:Stream Name="(\w+)"[^>]*>([^<]+)<', xml):
        data = soap.decode(text)
        chunks.append((name.decode(), data[: len(data) // 2]))
    return _receive(message, chunks)


def _huge(rule: Rule, message: Message, xml: bytes) -> bytes:
    return _receive(message, [("stdout", b"x" * rule.size)])


def _garbage(rule: Rule, message: Message, xml: bytes) -> bytes:
    return b"\x1b[2J<not-soap>" + xml[:64]


BODY: dict[str, Callable[[Rule, Message, bytes], bytes]] = {
    "wrong_message_id": _wrong_message_id,
    "empty_output": _empty,
    "half_output": _half_output,
    "huge_output": _huge,
    "garbage": _garbage,
}


def _drop_after(rule: Rule, sock: socket.socket, data: bytes, stop: threading.Event) -> None:
    raise DropConnection(rule.kind)


def _cut_reply(rule: Rule, sock: socket.socket, data: bytes, stop: threading.Event) -> None:
    sock.sendall(data[: int(len(data) * rule.share)])
    sock.shutdown(socket.SHUT_WR)
    raise DropConnection(rule.kind)


def _hang_after(rule: Rule, sock: socket.socket, data: bytes, stop: threading.Event) -> None:
    _hang(rule, stop)


def _call_after(rule: Rule, sock: socket.socket, data: bytes, stop: threading.Event) -> None:
    rule.run()
    sock.sendall(data)


def _dribble(rule: Rule, sock: socket.socket, data: bytes, stop: threading.Event) -> None:
    for position in range(len(data)):
        sock.sendall(data[position : position + 1])
        if rule.seconds:
            time.sleep(rule.seconds)


WIRE: dict[str, Callable[[Rule, socket.socket, bytes, threading.Event], None]] = {
    "drop_after": _drop_after,
    "cut_reply": _cut_reply,
    "hang_after": _hang_after,
    "call_after": _call_after,
    "dribble": _dribble,
}

KINDS = (*ARRIVAL, *EXECUTION, *BODY, *WIRE)


class Injection:
    """The rules that hit one request."""

    def __init__(self, rules: list[Rule], stop: threading.Event) -> None:
        """Take the rules and the event that ends waits."""
        self._rules = rules
        self._stop = stop

    def add(self, rules: list[Rule]) -> Injection:
        """Return the same with more rules; only these act on arrival."""
        self._rules = self._rules + rules
        return Injection(rules, self._stop)

    def arrival(self) -> Response | None:
        """Wait, drop the connection, or send another answer."""
        for rule in self._rules:
            if rule.kind in ARRIVAL:
                response = ARRIVAL[rule.kind](rule, self._stop)
                if response is not None:
                    return response
        return None

    def execution(self) -> None:
        """Raise the fault that stands in for the execution."""
        for rule in self._rules:
            if rule.kind in EXECUTION:
                raise SoapFault(EXECUTION[rule.kind], shell="00000000-0000-0000-0000-000000000000", limit=15)

    def body(self, message: Message, xml: bytes) -> bytes:
        """Return the envelope, changed."""
        for rule in self._rules:
            if rule.kind in BODY:
                xml = BODY[rule.kind](rule, message, xml)
        return xml

    def send(self, sock: socket.socket, data: bytes) -> None:
        """Send the answer, or what the rules leave of it."""
        for rule in self._rules:
            if rule.kind in WIRE:
                WIRE[rule.kind](rule, sock, data, self._stop)
                return
        sock.sendall(data)


class Chaos:
    """The armed rules of one server."""

    def __init__(self, stop: threading.Event) -> None:
        """Take the event that ends hangs and delays."""
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._stop = stop

    def arm(self, rule: Rule) -> Rule:
        """Add a rule; requests are counted from now on.

        Raises:
            ValueError: no such kind.
        """
        if rule.kind not in KINDS:
            raise ValueError(f"no fault {rule.kind!r}; there are {', '.join(KINDS)}")
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self._rules.clear()

    def rules(self) -> list[dict[str, object]]:
        """Return the armed rules as plain data, with how often each was seen and fired."""
        with self._lock:
            return [{**vars(rule), "call": rule.call is not None} for rule in self._rules]

    def matching(self, action: str | None) -> list[Rule]:
        """Count one request (None) or one decoded message, and give the rules that hit it."""
        hits = []
        with self._lock:
            for rule in self._rules:
                if rule.action != action:
                    continue
                rule.seen += 1
                if rule.seen >= rule.request and (not rule.times or rule.seen < rule.request + rule.times):
                    rule.fired += 1
                    hits.append(rule)
        return hits

    def arrived(self) -> Injection:
        """Return what happens to the HTTP request that just came."""
        return Injection(self.matching(None), self._stop)
