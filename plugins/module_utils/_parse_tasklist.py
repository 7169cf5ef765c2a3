# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read ``tasklist /fo csv``: image name and PID, the only two columns that no language changes."""

from __future__ import annotations

import re

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._listing import plain_lines

_ROW_RE = re.compile(r'[ \t]*"((?:[^"]|""){1,260})"[,;][ \t]*"([0-9]{1,10})"(?:[,;]|[ \t]*\Z)')


def parse_tasklist(text: str) -> dict[int, str]:
    """Image names by PID; a title line (its second column is no number) and everything else is ignored."""
    rows = (_ROW_RE.match(line) for line in plain_lines(text))
    return {int(found.group(2)): found.group(1).replace('""', '"') for found in rows if found}
