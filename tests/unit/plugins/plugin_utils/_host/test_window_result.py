# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A window that ended before DNS was stopped says which service did not stop, and what happened to the others."""

from __future__ import annotations

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import Window
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.window_result import read_refusal, read_steps

RUN = "0123456789abcdef"
WINDOW = Window(RUN, f"1764000000-{RUN}", (), (), (), 300, 1764000300, services_to_restart=("Netbird", "BESClient"))


def host(**states: int) -> Host:
    return Host({"services": {name: {"state": state, "start": 2} for name, state in states.items()}})


def test_a_service_that_others_depend_on_is_named_and_the_rest_runs_again() -> None:
    steps = read_steps(
        ['stop "Netbird" 0', 'stop "BESClient" 1051', 'restart "Netbird" 0', 'restart "BESClient" 2', "refused 1052"]
    )
    refusal = read_refusal(steps, host(Netbird=4, BESClient=4), WINDOW)
    assert refusal is not None
    assert refusal.sentence == (
        "opened no window, and DNS was not stopped: BESClient did not stop (error 1051: services that depend on it"
        " run); Netbird was stopped before that, and started again"
    )
    assert refusal.changed


def test_a_service_that_is_down_afterwards_is_named() -> None:
    steps = read_steps(['stop "Netbird" 1053', 'restart "Netbird" 2', "refused 1052"])
    refusal = read_refusal(steps, host(Netbird=3, BESClient=4), WINDOW)
    assert refusal is not None and refusal.changed
    assert refusal.sentence.endswith("; Netbird does not run now")


def test_a_service_that_somebody_else_has_stopped_is_left_alone_and_is_no_change() -> None:
    steps = read_steps(['stop "Netbird" 1062', "refused 1052"])
    refusal = read_refusal(steps, host(Netbird=1, BESClient=4), WINDOW)
    assert refusal is not None and not refusal.changed
    assert refusal.sentence == (
        "opened no window, and DNS was not stopped: Netbird did not stop (error 1062: it no longer runs)"
    )


def test_a_window_that_did_its_work_refused_nothing() -> None:
    assert read_refusal(read_steps(["stop_dns 0", "start_dns 1056"]), host(), WINDOW) is None
