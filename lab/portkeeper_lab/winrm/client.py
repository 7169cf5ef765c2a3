# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Use pywinrm on a server of the lab, for the lab's tests. The lab itself does not need pywinrm."""

from __future__ import annotations

from typing import Any

import winrm

from portkeeper_lab.winrm.server import WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER


def protocol(server: WinRMServer, timeout: int = 20, **options: Any) -> winrm.Protocol:  # noqa: ANN401 - pywinrm's
    """Return a client that has sent nothing yet.

    Args:
        server: one that runs on this machine.
        timeout: seconds that the server may keep a request; the client waits ten more.
        **options: of `winrm.Protocol`, in place of NTLM with encryption as the shell host's user.
    """
    values = {
        "transport": "ntlm",
        "username": USER,
        "password": PASSWORD,
        "message_encryption": "always",
        "operation_timeout_sec": timeout,
        "read_timeout_sec": timeout + 10,
        **options,
    }
    scheme = "https" if server.options.tls else "http"
    return winrm.Protocol(f"{scheme}://127.0.0.1:{server.port}/wsman", **values)
