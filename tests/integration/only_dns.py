# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller whose only name server is the DNS service of a lab host: it knows the host's name while that runs."""

from __future__ import annotations

import os
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from portkeeper_lab.control import ask_once

PORT_53 = ":0035 "
_A = 1
_FOUND, _NOTHING, _FAILED = 0x8580, 0x8583, 0x8582
_POINTER_TO_QUESTION, _INTERNET, _SECONDS = 0xC00C, 1, 0
"""No resolver on the way may keep the answer."""

_IN_ITS_NAMESPACE = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


class OnlyDNS(socketserver.UDPServer):
    """Answers on a loopback address as long as the DNS service of a lab host holds its port.

    Attributes:
        address: of this server.
        answered: how often the name's address was given.
        failed: how often the name was asked for while DNS was down.
    """

    def __init__(self, host: Any, name: str) -> None:
        """Listen.

        Args:
            host: the lab host.
            name: by which it is known.
        """
        self._namespace = ask_once(host.name, {"op": "info"})["namespace_pid"]
        self._name = name.lower()
        self.answered = self.failed = 0
        self.address = f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
        super().__init__((self.address, 53), socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one question."""
        packet, replies = request
        replies.sendto(self._answer(packet), client_address)

    def runs(self) -> bool:
        """Return whether the DNS service runs: whether its port is open in the host's network namespace."""
        return PORT_53 in Path(f"/proc/{self._namespace}/net/udp").read_text(encoding="ascii")

    def _answer(self, packet: bytes) -> bytes:
        end = packet.index(b"\0", 12) + 5
        kind = struct.unpack_from("!H", packet, end - 4)[0]
        known = _labels(packet[12 : end - 5]) == self._name
        flags, answers = (_FOUND if known else _NOTHING), b""
        if known and not self.runs():
            flags = _FAILED
            self.failed += 1
        elif known and kind == _A:
            self.answered += 1
            answers = struct.pack("!HHHIH", _POINTER_TO_QUESTION, _A, _INTERNET, _SECONDS, 4) + bytes([127, 0, 0, 1])
        return packet[:2] + struct.pack("!HHHHH", flags, 1, int(bool(answers)), 0, 0) + packet[12:end] + answers


def _labels(question: bytes) -> str:
    labels, position = [], 0
    while position < len(question):
        length = question[position]
        labels.append(question[position + 1 : position + 1 + length].decode("ascii").lower())
        position += 1 + length
    return ".".join(labels)


@contextmanager
def only_dns(host: Any, name: str, controller: Any) -> Iterator[tuple[OnlyDNS, Any]]:
    """Give the name server, and a controller that knows no other."""
    with OnlyDNS(host, name) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        configuration = controller.folder / f"resolv-{host.name}.conf"
        configuration.write_text(f"nameserver {server.address}\noptions timeout:2 attempts:1\n", encoding="ascii")
        enter = ("unshare", "--mount", "sh", "-c", _IN_ITS_NAMESPACE, "sh", str(configuration))
        try:
            yield server, replace(controller, enter=enter)
        finally:
            server.shutdown()
