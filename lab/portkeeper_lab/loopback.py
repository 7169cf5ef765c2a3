# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP port that a server keeps while its host is away."""

from __future__ import annotations

import socket

_ATTEMPTS = 20


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound and does not listen yet.

    Only a port asked for by number stays bound while its listener is shut, so that a free one is looked for first.

    Args:
        host: a loopback address.
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    error: OSError | None = None
    for _ in range(_ATTEMPTS):
        number = port or _free_port(family, host)
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            return listener
        except OSError as caught:
            listener.close()
            error = caught
            if port:
                break
    raise error or OSError("no port")


def _free_port(family: socket.AddressFamily, host: str) -> int:
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
