# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack the hosts of a large fleet for the HTML page.

Their markup is the same as that of the hosts in the page, from the same escaping template. It is compressed, because a
browser takes half a minute for the markup of 10,000 hosts; the page's script unpacks what it shows. Packed text is
base64, which no browser can take for markup.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...module_utils._report.html_page import PageHost

GROUP = 50
"""Hosts that are unpacked together."""

Markup = Callable[[PageHost], tuple[str, str]]
"""Makes the markup of a host: its row of the table, and its part below the table."""


@dataclass
class PackedHosts:
    """The packed hosts of a page.

    Attributes:
        index: of all of them what is sorted and searched by: name, status, risk now and after, age, changes.
        groups: by GROUP of them, their rows and parts.
        named: name, status and reason of each, for a reader without the script.
        size: GROUP, for the script.
    """

    index: str = ""
    groups: list[str] = field(default_factory=list)
    named: list[tuple[str, str, str]] = field(default_factory=list)
    size: int = GROUP


def pack_hosts(hosts: Iterable[PageHost], markup: Markup) -> PackedHosts:
    """Pack hosts in their order.

    Args:
        hosts: read once, one at a time.
        markup: makes a host's.
    """
    packed = PackedHosts()
    index, group = [], []
    for host in hosts:
        index.append([host.name, host.status, *(cell.value for cell in (host.now, host.after, host.age, host.moved))])
        packed.named.append((host.name, host.words, host.reason))
        group.append(markup(host))
        if len(group) == GROUP:
            packed.groups.append(_packed(group))
            group = []
    if group:
        packed.groups.append(_packed(group))
    if index:
        packed.index = _packed(index)
    return packed


def _packed(content: object) -> str:
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("ascii"))).decode("ascii")
