# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up a host's addresses once: the DNS server that a task stops may be the only one that knows the host's name."""

from __future__ import annotations

import contextlib
import socket

from ansible.errors import AnsibleConnectionFailure

from .errors import Target

_CONNECT_S = 5
"""Seconds in which an address must accept a connection, if the name has others."""


class Addresses:
    """The addresses of one host. Sessions that follow each other in a task share them."""

    def __init__(self) -> None:
        """Look nothing up."""
        self._found: tuple[str, ...] = ()

    def of(self, target: Target) -> tuple[str, ...]:
        """Return the addresses, in the order in which to try them. Only the first call looks them up.

        Raises:
            AnsibleConnectionFailure: the name has no address.
        """
        if not self._found:
            try:
                found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            except OSError as error:
                raise AnsibleConnectionFailure(f"{target} has no address: {error.strerror}.") from None
            self._found = tuple(dict.fromkeys(str(row[4][0]) for row in found))
        return self._found

    def first_open(self, target: Target) -> str:
        """Return the first address that accepts a connection, or else the first, for clients that take only one.

        Raises:
            AnsibleConnectionFailure: the name has no address.
        """
        first, *others = self.of(target)
        for address in (first, *others) if others else ():
            with contextlib.suppress(OSError), socket.create_connection((address, target.port), _CONNECT_S):
                return address
        return first
