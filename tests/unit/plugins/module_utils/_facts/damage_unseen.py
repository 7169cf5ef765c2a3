# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What test_damage.py cannot detect: per damage, the facts that it changes without a problem.

The list may only become shorter. `make damage-list` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping

UNSEEN = {
    "column_added": "os.suites sql_ports",
    "column_dropped": (
        "exclusions.udp4 exclusions.udp6 services settings.reserved_ports "
        "settings.socket_pool_excluded_port_ranges sql_ports state.settings"
    ),
    "cut": (
        "dns.udp_ports.udp4 dns.udp_ports.udp6 dynamic_ports.udp4.count dynamic_ports.udp6.count "
        "exclusions.udp4 os.suites services services_total settings.reserved_ports "
        "settings.socket_pool_excluded_port_ranges state.settings udp_endpoints "
        "udp_endpoints.process udp_ports.udp4 udp_ports.udp6"
    ),
    "cut_at_a_line": (
        "dns.udp_ports.udp4 dns.udp_ports.udp6 exclusions.udp4 exclusions.udp6 services "
        "services_total state.settings udp_endpoints udp_endpoints.process udp_ports.udp4 "
        "udp_ports.udp6"
    ),
    "full_width_digits": "os.release",
    "grouped_digits": "sql_ports state.settings",
    "long_lines_cut": (
        "dns.udp_ports.udp4 dns.udp_ports.udp6 settings.socket_pool_excluded_port_ranges "
        "udp_endpoints udp_endpoints.process udp_ports.udp4 udp_ports.udp6"
    ),
    "remark_behind_a_row": "os.suites services",
}
"""By the name of the damage in damage.py."""

UNSEEN_IN_FULL_POOLS = {
    "column_dropped": "os.release os.sbs os.suites",
    "cut": "dns.pool_present sql_ports udp_endpoints_truncated",
    "cut_at_a_line": "dns.pool_present udp_endpoints_truncated",
    "long_lines_cut": "settings.reserved_ports udp_endpoints_truncated",
    "remark_behind_a_row": "sql_ports",
}
"""What only `make fuzz` meets: an empty list of suites, an empty port with a number behind it, and what follows from
rows that are missing where there are thousands. It is written by hand, and may only become shorter too."""


def unseen_rows(unseen: Mapping[str, str]) -> list[str]:
    """Return the rows of the table in docs/transcript.md."""
    return [
        f"| {damage.replace('_', ' ')} | {', '.join(f'`{fact}`' for fact in facts.split())} |"
        for damage, facts in unseen.items()
    ]
