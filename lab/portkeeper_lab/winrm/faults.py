# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management faults of Windows, in one table.

Codes and texts: WsmError.h of the Windows SDK; where a text is ours the row says "constructed".
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class FaultRow:
    """One kind of fault.

    Attributes:
        code: the Code attribute of WSManFault, unsigned.
        sender: True for a mistake of the caller (env:Sender), False for env:Receiver.
        subcode: SOAP subcode with its prefix.
        text: the message; filled with str.format.
    """

    code: int
    sender: bool
    subcode: str
    text: str


FAULTS: dict[str, FaultRow] = {
    "operation_timeout": FaultRow(
        2150858793,
        False,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
    ),
    "shell_gone": FaultRow(
        2150858843,
        True,
        "w:InvalidSelectors",
        "The request for the Windows Remote Shell with ShellId {shell} failed because the shell was not found on the"
        " server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server."
        " Provide the correct ShellId or create a new shell and retry the operation.",
    ),
    "quota_shells": FaultRow(
        2150859173,
        True,
        "w:QuotaLimit",
        "The WS-Management service cannot process the request. This user is allowed a maximum number of {limit}"
        " concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user.",
    ),
    "quota_operations": FaultRow(
        2150859174,
        True,
        "w:QuotaLimit",
        "The WS-Management service cannot process the request. This user is allowed a maximum number of {limit}"
        " concurrent operations, which has been exceeded. Close existing operations for this user, or raise the quota"
        " for this user.",
    ),
    # The code for this quota on WinRM 2.0 is not published; the text is constructed.
    "quota_processes": FaultRow(
        2150858815,
        True,
        "w:QuotaLimit",
        "The Windows Remote Shell cannot process the request. The maximum number of {limit} processes per shell has"
        " been exceeded.",
    ),
    "aborted": FaultRow(
        995,
        False,
        "w:InternalError",
        "The I/O operation has been aborted because of either a thread exit or an application request.",
    ),
    "spawn": FaultRow(0, False, "w:InternalError", "{reason}"),
    "access_denied": FaultRow(5, True, "w:AccessDenied", "Access is denied."),
    "invalid_resource": FaultRow(
        2150858811,
        True,
        "a:DestinationUnreachable",
        "The WS-Management service cannot process the request. The resource URI is missing or it has an incorrect"
        " format. Check the documentation or use the following command for information on how to construct a resource"
        ' URI: "winrm help uris".',
    ),
    "invalid_action": FaultRow(
        2150858753,
        True,
        "a:ActionNotSupported",
        "The WS-Management service cannot process the request. The WS-Addressing action URI is invalid. Check the"
        " documentation for information on how to construct an action URI.",
    ),
    # Constructed text; the code is ERROR_WSMAN_INVALID_PARAMETER.
    "invalid_parameter": FaultRow(
        2150858810, True, "w:InvalidParameter", "The WS-Management service cannot process the request: {reason}."
    ),
    "encoding_limit": FaultRow(
        2150858805,
        True,
        "w:EncodingLimit",
        "The WS-Management service cannot process the request because the encoding of the request exceeds an internal"
        " encoding limit. Reconfigure the client to send messages which fit the encoding limits of the service.",
    ),
}


class SoapFault(Exception):
    """An answer that is a fault.

    Attributes:
        row: the line of FAULTS.
        code: the number sent (differs from the row's for Win32 errors).
        text: the message sent.
    """

    def __init__(self, name: str, *, code: int | None = None, **values: object) -> None:
        """Take a key of FAULTS and the values of its text."""
        self.name = name
        self.row = FAULTS[name]
        self.code = self.row.code if code is None else code
        self.text = self.row.text.format(**values)
        super().__init__(f"{name} ({self.code})")


class DropConnection(Exception):
    """The connection is to be reset without another byte."""
