# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse SOAP requests and render the answers."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from .faults import SoapFault
from .quotas import KIB, Quotas

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "cfg": "http://schemas.microsoft.com/wbem/wsman/1/config",
    "wsmid": "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
}
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
SHELL = NAMESPACES["rsp"]
CMD_SHELL = SHELL + "/cmd"
CONFIG = NAMESPACES["cfg"]
OVERHEAD = 1600
"""Bytes of a Receive answer besides its streams, with room to spare."""
STREAM_OVERHEAD = 110
"""Bytes of one rsp:Stream element besides its text."""

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?\Z"
)
_UNITS = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
_ROOT = "<s:Envelope " + " ".join(f'xmlns:{key}="{uri}"' for key, uri in NAMESPACES.items()) + ' xml:lang="en-US">'


def tag(name: str) -> str:
    """Return a name with prefix as ElementTree writes it."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def seconds(text: str | None, default: float) -> float:
    """Return an xs:duration in seconds.

    Raises:
        SoapFault: not a duration.
    """
    if not text:
        return default
    match = _DURATION.match(text.strip())
    if match is None:
        raise SoapFault("invalid_parameter", reason=f"{text!r} is not a duration")
    return sum(float(value) * _UNITS[unit] for unit, value in match.groupdict().items() if value)


@dataclasses.dataclass(frozen=True)
class Message:
    """A decoded request.

    Attributes:
        action: short name: the last part of the action URI, or Identify.
        operation_timeout: seconds, already within the server's bound.
        max_envelope: bytes an answer may have.
    """

    action: str
    resource: str
    message_id: str
    operation_timeout: float
    max_envelope: int
    selectors: dict[str, str]
    options: dict[str, str]
    body: ET.Element

    def find(self, path: str) -> ET.Element | None:
        """Return an element of the body by a path with prefixes."""
        return self.body.find(path, NAMESPACES)

    def text(self, path: str) -> str | None:
        """Return the text of an element of the body."""
        return self.body.findtext(path, None, NAMESPACES)

    def flag(self, option: str) -> bool:
        """Return a WINRS option as a truth value; absent is false."""
        return self.options.get(option, "").upper() in ("TRUE", "1")


def _named(header: ET.Element, path: str) -> dict[str, str]:
    return {node.get("Name", ""): node.text or "" for node in header.findall(path, NAMESPACES)}


def parse(data: bytes, quotas: Quotas) -> Message:
    """Read an envelope.

    Raises:
        ValueError: not an envelope.
        SoapFault: an envelope with a value that no server takes.
    """
    if b"<!DOCTYPE" in data[:4096]:
        raise ValueError("document types are not read")
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    header, body = root.find("s:Header", NAMESPACES), root.find("s:Body", NAMESPACES)
    if root.tag != tag("s:Envelope") or body is None:
        raise ValueError("not a SOAP 1.2 envelope")
    header = ET.Element("none") if header is None else header
    action = header.findtext("a:Action", "", NAMESPACES).strip()
    if len(body) and body[0].tag.endswith("}Identify"):
        action = "Identify"
    limit = quotas.max_envelope_kb * KIB
    asked = header.findtext("w:MaxEnvelopeSize", "", NAMESPACES).strip()
    timeout = seconds(header.findtext("w:OperationTimeout", None, NAMESPACES), quotas.max_operation_timeout)
    return Message(
        action=action.rpartition("/")[2],
        resource=header.findtext("w:ResourceURI", "", NAMESPACES).strip(),
        message_id=header.findtext("a:MessageID", "", NAMESPACES).strip(),
        operation_timeout=min(timeout, quotas.max_operation_timeout),
        max_envelope=min(limit, int(asked)) if asked.isascii() and asked.isdigit() else limit,
        selectors=_named(header, "w:SelectorSet/w:Selector"),
        options=_named(header, "w:OptionSet/w:Option"),
        body=body,
    )


def stream_input(message: Message) -> tuple[str, bytes, bool]:
    """Command id, bytes and end mark of a Send.

    Raises:
        SoapFault: no stream, another stream than stdin, or text that is not base64.
    """
    node = message.find("rsp:Send/rsp:Stream")
    if node is None or node.get("Name") != "stdin":
        raise SoapFault("invalid_parameter", reason="Send has no stdin stream")
    try:
        data = decode(node.text or "")
    except binascii.Error as error:
        raise SoapFault("invalid_parameter", reason=str(error)) from error
    return node.get("CommandId", ""), data, node.get("End", "").lower() == "true"


def decode(text: str | bytes) -> bytes:
    """Return the bytes of a stream's text.

    Raises:
        binascii.Error: not base64.
    """
    return base64.b64decode(text)


def envelope(action: str, relates_to: str, body: str) -> bytes:
    """Return an answer."""
    return (
        f"{_ROOT}<s:Header><a:Action>{escape(action)}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}"
        f"</a:MessageID><a:To>{ANONYMOUS}</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(error: SoapFault, relates_to: str) -> bytes:
    """Return a fault as Windows words it."""
    side = "s:Sender" if error.row.sender else "s:Receiver"
    text = escape(error.text)
    return envelope(
        FAULT_ACTION,
        relates_to,
        f"<s:Fault><s:Code><s:Value>{side}</s:Value><s:Subcode><s:Value>{error.row.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text} </s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{error.code}"'
        f' Machine="127.0.0.1"><f:Message>{text} </f:Message></f:WSManFault></s:Detail></s:Fault>',
    )


def shell_body(shell_id: str, idle_timeout: float, user: str, address: str) -> str:
    """Return the rsp:Shell element of Create and Get."""
    return (
        f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{CMD_SHELL}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(user)}</rsp:Owner><rsp:ClientIP>{address}</rsp:ClientIP>"
        f"<rsp:IdleTimeOut>PT{idle_timeout:.3f}S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>"
        "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
    )


def created_body(shell_id: str) -> str:
    """Return the reference to a new shell."""
    return (
        f"<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>{CMD_SHELL}"
        f'</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
        "</a:ReferenceParameters></x:ResourceCreated>"
    )


def receive_body(command_id: str, chunks: Iterable[tuple[str, bytes]], exit_code: int | None) -> str:
    """Return the body of a Receive answer; an exit code means that the command is done."""
    command = quoteattr(command_id)
    parts = ["<rsp:ReceiveResponse>"]
    for name, data in chunks:
        encoded = base64.b64encode(data).decode("ascii")
        parts.append(f'<rsp:Stream Name="{name}" CommandId={command}>{encoded}</rsp:Stream>')
    state = f"{SHELL}/CommandState/"
    if exit_code is None:
        parts.append(f'<rsp:CommandState CommandId={command} State="{state}Running"/>')
    else:
        parts += [f'<rsp:Stream Name="{name}" CommandId={command} End="true"/>' for name in ("stdout", "stderr")]
        parts.append(
            f'<rsp:CommandState CommandId={command} State="{state}Done"><rsp:ExitCode>{exit_code}</rsp:ExitCode>'
            "</rsp:CommandState>"
        )
    parts.append("</rsp:ReceiveResponse>")
    return "".join(parts)
