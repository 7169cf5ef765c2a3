# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do once in Ansible's main process what every worker process would do at its first request.

Ansible imports an action plugin before it forks, and a worker inherits what is loaded then: the modules that pyspnego
imports late, OpenSSL's provider of RC4, the tables of DES, the parser of HTTP headers. Nothing is sent, and no real
credentials are used. docs/benchmarks.md has what it saves.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import struct

from .http_limits import adapter_class

_FLAGS = 0xE28A8235
"""What a Windows server negotiates in NTLMv2 with sealing and extended session security (MS-NLMP, 2.2.2.5)."""
_TARGET_INFO = struct.pack("<HH2sHHQHH", 2, 2, b"A\0", 7, 8, 1 << 56, 0, 0)
"""A domain of one letter, a time, and the end (MS-NLMP, 2.2.2.1)."""
_PAYLOAD = 56
_CHALLENGE = (
    b"NTLMSSP\0"
    + struct.pack("<IHHIIQQ", 2, 0, 0, _PAYLOAD, _FLAGS, 1, 0)
    + struct.pack("<HHI", len(_TARGET_INFO), len(_TARGET_INFO), _PAYLOAD)
    + struct.pack("<BBHI", 6, 1, 7601, 15 << 24)
    + _TARGET_INFO
)
"""A CHALLENGE_MESSAGE (MS-NLMP, 2.2.1.2) of no server."""


def warm_up() -> None:
    """Do the client's side of an NTLM handshake and seal a byte; the session reports what is missing."""
    with contextlib.suppress(Exception):
        http.client.parse_headers(io.BytesIO(b"Content-Type: text/plain\r\n\r\n"))
        adapter_class()
        import spnego  # noqa: PLC0415 (a missing library is the connection's to report)

        client = spnego.client("nobody", "nothing", hostname="nowhere", service="http", protocol="ntlm")
        client.step()
        client.step(_CHALLENGE)
        client.wrap(b"x")
