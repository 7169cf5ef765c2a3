# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What test_damage.py does not see: per damage, the facts that it changes without a problem.

The list may only become shorter.
"""

from __future__ import annotations

UNSEEN = {
    "column_added": (
        "dns.dependents dns.installed dns.pool_present dns.udp_ports.udp4 dns.udp_ports.udp6 os.release os.suites "
        "services sql_ports state udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "column_dropped": (
        "dns.udp_ports.udp4 dns.udp_ports.udp6 exclusions.udp4 exclusions.udp6 os.release services "
        "settings.reserved_ports settings.socket_pool_excluded_port_ranges sql_ports state udp_endpoints "
        "udp_ports.udp4 udp_ports.udp6"
    ),
    "cut": (
        "dns.dependents dns.installed dns.pid dns.udp_ports.udp4 dns.udp_ports.udp6 dynamic_ports.udp4.count "
        "dynamic_ports.udp6.count exclusions.udp4 exclusions.udp6 os.release os.suites services services_total "
        "settings.reserved_ports settings.socket_pool_excluded_port_ranges sql_ports state udp_endpoints "
        "udp_ports.udp4 udp_ports.udp6"
    ),
    "cut_at_a_line": (
        "dns.dependents dns.installed dns.udp_ports.udp4 dns.udp_ports.udp6 exclusions.udp4 exclusions.udp6 "
        "os.release services services_total sql_ports state udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "escapes": (
        "dns.dependents dns.installed dns.pool_present dns.udp_ports.udp4 dns.udp_ports.udp6 exclusions.udp4 "
        "os.release services sql_ports state udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "full_width_digits": "os.release services sql_ports state udp_endpoints",
    "grouped_digits": (
        "dns.udp_ports.udp4 dns.udp_ports.udp6 services sql_ports state udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "junk_in_front_of_rows": (
        "dns.dependents dns.installed dns.pool_present dns.udp_ports.udp4 dns.udp_ports.udp6 exclusions.udp4 "
        "exclusions.udp6 os.release services sql_ports state udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "no_break_blanks": "os.release",
    "no_break_blanks_in_a_row": (
        "dns.dependents dns.udp_ports.udp4 dns.udp_ports.udp6 os.release services udp_endpoints udp_ports.udp4"
    ),
    "pager": "dns.udp_ports.udp6 sql_ports state udp_endpoints udp_ports.udp4 udp_ports.udp6",
    "raw_no_break_bytes": (
        "dns.dependents dns.installed dns.udp_ports.udp4 dns.udp_ports.udp6 os.release services sql_ports "
        "state udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "remark_behind_a_row": (
        "dns.dependents dns.installed dns.pool_present dns.udp_ports.udp4 dns.udp_ports.udp6 os.release os.suites "
        "services sql_ports state udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "remark_between": (
        "dns.dependents dns.installed dns.pool_present dns.udp_ports.udp4 dns.udp_ports.udp6 services "
        "udp_endpoints udp_ports.udp4 udp_ports.udp6"
    ),
    "tabs": "os.release services sql_ports",
    "wrapped": "dns.udp_ports.udp4 dns.udp_ports.udp6 services udp_endpoints udp_ports.udp4 udp_ports.udp6",
    "wrapped_at_words": "dns.udp_ports.udp4 dns.udp_ports.udp6 services udp_endpoints udp_ports.udp4 udp_ports.udp6",
}
"""By the name of the damage in damage.py."""
UNSEEN_MAX = 162
"""The number of these pairs when they were last counted; a higher number needs a very good reason."""


def unseen_rows() -> list[str]:
    """The rows of the table in docs/transcript.md."""
    return [
        f"| {damage.replace('_', ' ')} | {', '.join(f'`{fact}`' for fact in facts.split())} |"
        for damage, facts in UNSEEN.items()
    ]
