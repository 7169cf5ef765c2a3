# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the user are accepted, or refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue.sbs2003 import (
    CatalogueError,
    rows_from_extra,
)


def test_a_user_s_row() -> None:
    (row,) = rows_from_extra(
        [{"name": "my_tunnel", "services": ["WireGuardTunnel$wg0"], "ports": [51820, "51830-51831"], "title": None}]
    )
    assert row.ports.strings() == ["51820-51820", "51830-51831"]
    assert (row.protocol, row.hold, row.holder) == ("udp", "when_running", "service_pid")
    assert (row.start_while_dns_down, row.own_sockets) == (False, False)
    assert row.matches("wireguardtunnel$WG0")
    assert not row.matches("WireGuardTunnelxwg0")


GOOD = {"name": "x", "services": ["X"], "ports": ["1"]}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("x", "not a mapping"),
        ({**GOOD, "color": 1}, "unknown keys color"),
        ({"name": "x", "ports": ["1"]}, "services is missing"),
        ({**GOOD, "name": "X"}, "the name must be"),
        ({**GOOD, "name": "ias"}, "is taken already"),
        ({**GOOD, "title": "a\x1b[31m"}, "the title must be"),
        ({**GOOD, "services": "X"}, "services must be a list"),
        ({**GOOD, "services": []}, "services must be a list"),
        ({**GOOD, "services": ["a&b"]}, "services must be a list"),
        ({**GOOD, "ports": []}, "ports must be a list"),
        ({**GOOD, "ports": "1-2"}, "ports must be a list"),
        ({**GOOD, "ports": ["2-1"]}, "reversed"),
        ({**GOOD, "ports": ["0"]}, "not a port"),
        ({**GOOD, "ports": [True]}, "neither a port nor a range"),
        ({**GOOD, "ports": ["١٢٣"]}, "neither a port nor a range"),
        ({**GOOD, "protocol": "sctp"}, "protocol must be one of"),
        ({**GOOD, "hold": []}, "hold must be one of"),
        ({**GOOD, "holder": "me"}, "holder must be one of"),
        ({**GOOD, "start_while_dns_down": "yes"}, "start_while_dns_down must be"),
        ({**GOOD, "own_sockets": 1}, "own_sockets must be"),
        ({**GOOD, "services": ["MSExchangeIS"], "start_while_dns_down": True}, "never started"),
    ],
)
def test_a_user_s_row_that_is_refused(entry: Any, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        rows_from_extra([entry])


def test_two_rows_of_one_name_are_refused() -> None:
    with pytest.raises(CatalogueError, match="entry 2 of catalogue_extra"):
        rows_from_extra([GOOD, GOOD])
