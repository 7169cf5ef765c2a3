# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A window that excludes ports writes, so it is refused while an error keeps everything from being written."""

from __future__ import annotations

from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import Transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import Gathered
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.action import Planned
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.restart import restart_refusal
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import server_2019

HELD = {"udp_ports": {"udp4": ["53-53", "50000-50000"], "udp6": ["53-53", "50000-50000"]}}


def refusal(**options: Any) -> str:
    host = Host(server_2019(dns=HELD))
    plan = plan_host(host, Policy.from_options({"use_netsh": True, "extra_ports": ["50000"], **options}))
    window = plan.action("dns_window")
    assert window is not None and window.deferred
    return restart_refusal(Planned(Gathered("", Transcript(None, {}), host, ""), plan), window)


def test_a_window_that_excludes_ports_is_refused() -> None:
    assert refusal() == ""
    reason = refusal(dynamic_port_range={"start": 65281, "count": 255})
    assert reason.startswith("nothing is written before this is settled: 65281-65535 is too small")
