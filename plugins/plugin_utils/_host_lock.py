# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the lock on the host, the first part of every command that changes something, and gives it back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_lock import (
    STALE_AFTER,
    LockState,
    parse_listing,
    unlock_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._transcript import Transcript
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._talk import Talk, section_lines

_DAY_S = 86_400

Render = Callable[["str | None", bool], str]
"""Makes a command line that tries to take the lock, from the stale name to take over and whether it is orphaned."""


def controller_time() -> int:
    """UTC seconds of the controller's clock; the one clock that all locks are judged by."""
    return int(time.time())


def locked(talk: Talk, name: str, render: Render) -> tuple[bytes, Transcript]:
    """Runs a command under the lock of the host, taking over a lock that is too old.

    Args:
        talk: with the host.
        name: our lock file.
        render: the command line; it must do its work only if the lock is ours.

    Returns:
        The command's answer.

    Raises:
        HostFailure: somebody else holds the lock, or it could not be made.
    """
    output, transcript = talk.ask(render(None, False))
    state = _state(transcript)
    if not state.held_by(name):
        stale = state.stale_name(controller_time())
        orphan = not state.holders and not state.foreign and not state.window_until and state.exists
        if stale is not None or orphan:
            output, transcript = talk.ask(render(stale, orphan))
            state = _state(transcript)
    if not state.held_by(name):
        raise talk.failure(_refusal(state), dns_may_be_stopped=False)
    return output, transcript


def give_back(talk: Talk, name: str) -> None:
    """Gives the lock back outside of the command that was to do it, mostly after a failure, which this must not hide.

    Where the host does not do it the lock stays, and grows old.

    Args:
        talk: with the host.
        name: our lock file.
    """
    with contextlib.suppress(HostFailure):
        talk.ask(unlock_line(talk.run, name))


def _state(transcript: Transcript) -> LockState:
    return parse_listing(section_lines(transcript, "lock"))


def _refusal(state: LockState) -> str:
    if state.holders or state.foreign or state.window_until:
        # The time of day alone: the host's listing may hold a second that no calendar has.
        since = time.strftime("%H:%M:%S UTC", time.gmtime(state.held_since() % _DAY_S))
        return (
            f"is locked by another run of portkeeper since {since}: try again when it is over; a lock that was left"
            f" behind is taken over after {STALE_AFTER // 60} minutes"
        )
    return (
        "did not let us create our folder %SystemRoot%\\portkeeper, and nothing was changed: the user needs the rights"
        " of an administrator, and the disk needs room"
    )
