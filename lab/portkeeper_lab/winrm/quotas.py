# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of each WinRM version in one table, and the options of one server.

Sources: the quota lists of MS-WSMV (QuotasType, Windows 7 / Server 2008 R2 defaults) and of "Quota Management for
Remote Shells" (WinRM 3.0 defaults) in Microsoft's documentation. The product version is what Identify answers.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

KIB = 1024
READ_SLICE = 0.25
"""Seconds a blocked operation waits before it looks whether its shell and its host are still there."""


@dataclasses.dataclass(frozen=True)
class Quotas:
    """Limits of one WinRM version.

    Attributes:
        product_version: as Identify gives it.
        max_envelope_kb: MaxEnvelopeSizekb, in KiB; requests above it are refused, replies are cut to it.
        shells_per_user: shells open at once.
        operations_per_user: commands over all open shells of a user; Signal does not give one back, Delete does.
        processes_per_shell: commands of one shell that run at once.
        idle_timeout: seconds until a shell without requests is deleted, when the client names none.
        max_operation_timeout: upper bound of the client's OperationTimeout in seconds.
        utf8_batch_silent: batch files print nothing in a shell with code page 65001 (Server 2008 and older).
    """

    product_version: str
    max_envelope_kb: int
    shells_per_user: int
    operations_per_user: int
    processes_per_shell: int
    idle_timeout: float
    max_operation_timeout: float
    utf8_batch_silent: bool


_WINRM2 = Quotas(
    product_version="OS: 5.2.3790 SP: 2.0 Stack: 2.0",
    max_envelope_kb=150,
    shells_per_user=5,
    operations_per_user=15,
    processes_per_shell=15,
    idle_timeout=180.0,
    max_operation_timeout=60.0,
    utf8_batch_silent=True,
)

PROFILES: dict[str, Quotas] = {
    "winrm2": _WINRM2,
    "winrm2_r2": dataclasses.replace(
        _WINRM2, product_version="OS: 6.1.7601 SP: 1.0 Stack: 2.0", utf8_batch_silent=False
    ),
    "winrm3": Quotas(
        product_version="OS: 6.3.9600 SP: 0.0 Stack: 3.0",
        max_envelope_kb=500,
        shells_per_user=30,
        operations_per_user=1500,
        processes_per_shell=25,
        idle_timeout=7200.0,
        max_operation_timeout=60.0,
        utf8_batch_silent=False,
    ),
}


@dataclasses.dataclass(frozen=True)
class Options:
    """How one server differs from its profile. The default is the hostile server of a locked-down host.

    Attributes:
        basic: offer and accept Basic.
        allow_unencrypted: accept SOAP that is not sealed (Basic over HTTP needs it, as on Windows).
        full_chunks: Receive collects until the envelope is full, the command has ended or OperationTimeout is over;
            otherwise output is cut at random bytes.
        seed: of the random cuts; None draws one. It is printed at the start.
        stdin_ends: a command started with WINRS_CONSOLEMODE_STDIN=TRUE finds its input at the end; otherwise its input
            is an open pipe until a Send with End.
        computer_name: the host's NetBIOS name; accepted as the domain part of a user name.
        domains: additional domain parts that are accepted.
        limited_users: lower-case names of the accounts that are no administrators.
        tls: paths of a certificate and its key (PEM); the port then speaks HTTPS only, and NTLM is bound to it.
        tls_version: the highest one, as a name of ssl.TLSVersion; TLSv1 is what Server 2003 and XP have.
        client_authority: path of the certificate of an authority (PEM) whose client certificates are accepted.
        keep_alive: seconds an idle connection is kept.
        idle_timeout_cap: upper bound in seconds of the client's own rsp:IdleTimeOut, for tests that cannot wait.
        quotas: fields of Quotas to replace, for example {"shells_per_user": 2}.
        log: gets one line of text per event worth a person's attention.
    """

    basic: bool = False
    allow_unencrypted: bool = False
    full_chunks: bool = False
    seed: int | None = None
    stdin_ends: bool = False
    computer_name: str = "WINDOWS"
    domains: tuple[str, ...] = ()
    limited_users: tuple[str, ...] = ()
    tls: tuple[str, str] | None = None
    tls_version: str = "TLSv1_2"
    client_authority: str | None = None
    keep_alive: float = 120.0
    idle_timeout_cap: float | None = None
    quotas: dict[str, Any] = dataclasses.field(default_factory=dict)
    log: Callable[[str], None] | None = None

    def with_seed(self) -> Options:
        """These options with the seed drawn, if there is none."""
        return self if self.seed is not None else dataclasses.replace(self, seed=random.SystemRandom().getrandbits(32))


def quotas_for(profile: str, options: Options) -> Quotas:
    """Return the limits of a server.

    Raises:
        ValueError: no such profile.
    """
    if profile not in PROFILES:
        raise ValueError(f"no WinRM profile {profile!r}; there are {', '.join(PROFILES)}")
    return dataclasses.replace(PROFILES[profile], **options.quotas)
