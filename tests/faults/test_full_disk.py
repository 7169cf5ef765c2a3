# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""If the host's disk fills up between two commands, nothing is lost and the result says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from fault_host import STATE_KEY, FaultHost, fault_host
from matrix import WINDOW_S

DISK_MB = 48
CHANGE = (1, 2, 3)
"""Commands of a change: read, prepare, write."""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], FaultHost]]:
    """As in conftest, with a separate drive for each host."""
    running: dict[str, FaultHost] = {}
    with ExitStack() as stack:

        def host(family: str) -> FaultHost:
            if family not in running:
                work = tmp_path_factory.mktemp(f"full-{family}")
                running[family] = stack.enter_context(fault_host(family, work, disk_mb=DISK_MB))
                running[family].save("fresh")
            return running[family]

        yield host


@pytest.fixture(autouse=True)
def _room(hosts: Callable[[str], FaultHost], request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    family = getattr(request.node, "callspec", None)
    hosts(family.params["family"] if family else "nt5").host.disk.free()


@pytest.mark.parametrize("at", CHANGE)
@pytest.mark.parametrize("family", ("nt5", "nt6"))
def test_nothing_is_written_without_room_for_its_backup(
    family: str, at: int, ready: Callable[[str], FaultHost]
) -> None:
    host = ready(family)
    host.fault("call_before", at, action="Command", call=host.host.disk.fill)
    result = host.act("port_reservations")
    assert result["failed"] and result["changed"] is False, result["msg"]
    assert "room" in result["msg"], result["msg"]
    assert host.value() == host.baselines["fresh"].value
    host.host.disk.free()
    host.new_call()
    assert not host.act("port_reservations").get("failed")


@pytest.mark.parametrize("at", range(1, 5))
@pytest.mark.parametrize("family", ("nt5", "nt6"))
def test_dns_is_never_stopped_by_half_of_a_script(family: str, at: int, ready: Callable[[str], FaultHost]) -> None:
    host = ready(family)
    host.conflict()
    host.fault("call_before", at, action="Command", call=host.host.disk.fill)
    result = host.act("dns_restart", window_timeout=WINDOW_S, verify_timeout=5)
    seen = host.glance()
    assert seen.runs("DNS") and seen.runs("WINS"), result["msg"]
    assert result.get("failed") or seen.runs(host.victim), "success is what can be seen"
    assert not result.get("failed") or "room" in result["msg"], result["msg"]
    assert result["dns_may_be_stopped"] is False
    host.host.disk.free()
    host.new_call()
    again = host.act("dns_restart", window_timeout=WINDOW_S, verify_timeout=5)
    assert not again.get("failed"), again["msg"]
    assert "ran_before" not in host.cmd(rf"reg query {STATE_KEY} /s")


def test_a_rollback_without_room_changes_nothing(ready: Callable[[str], FaultHost]) -> None:
    host = ready("nt5")
    host.restore("written")
    before = host.value()
    host.fault("call_before", 2, action="Command", call=host.host.disk.fill)
    result = host.act("port_rollback")
    assert result["failed"] and result["changed"] is False and "room" in result["msg"], result["msg"]
    assert host.value() == before
    host.host.disk.free()
    host.new_call()
    assert not host.act("port_rollback").get("failed")
    assert host.value() == host.baselines["fresh"].value
