# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pypsrp as it is, down to the text of its messages, in front of the same host in memory as pywinrm."""

from __future__ import annotations

import base64
import re
from typing import Any
from xml.sax.saxutils import unescape

import pytest
from pypsrp import wsman
from pypsrp.exceptions import WinRMTransportError

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeWire,
    OperationTimeout,
)

_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"'
    ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
    f' xmlns:rsp="{_SHELL}"><s:Header><a:RelatesTo>{{relates}}</a:RelatesTo></s:Header><s:Body>{{body}}</s:Body>'
    "</s:Envelope>"
)
_NO_OUTPUT_YET = (
    '<s:Fault><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"'
    ' Code="2150858793"/></s:Detail></s:Fault>'
)


class FakePsrpConnection:
    """The connection plugin `psrp` of an ansible-core that shows the library's arguments no more."""

    transport = "psrp"

    def __init__(self, wire: FakeWire, **options: Any) -> None:
        """Take options beside the usual ones."""
        self.wire = wire
        self.become = None
        self.options = {
            "remote_addr": "client01",
            "port": 5985,
            "remote_user": "Administrator",
            "remote_password": "secret-password",
            "auth": "ntlm",
            "protocol": None,
            "path": "wsman",
            "message_encryption": "never",
            "operation_timeout": 20,
            "max_envelope_size": 153600,
            "reconnection_backoff": 2,
            "ignore_proxy": False,
            "cert_validation": "validate",
            "configuration_name": "Microsoft.PowerShell",
            **options,
        }

    def get_option(self, option: str) -> Any:
        """Return an option; None if it is not set."""
        return self.options.get(option)

    def _connect(self) -> None:
        raise AssertionError("it would open a runspace of PowerShell")

    def close(self) -> None:
        """As the task executor calls it: there is no runspace."""


def send_to(wire: FakeWire, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the library sends reaches a host in memory from now on."""

    def send(_transport: Any, message: bytes, **_options: Any) -> bytes:
        text = message.decode()
        body = _answer(wire, text)
        envelope = _ENVELOPE.format(relates=_found(r"MessageID>([^<]*)", text), body=body)
        if body == _NO_OUTPUT_YET:
            raise WinRMTransportError("http", 500, envelope)
        return envelope.encode()

    monkeypatch.setattr(wsman._TransportHTTP, "send", send)
    monkeypatch.setattr(wsman._TransportHTTP, "close", lambda _transport: wire.transport.close_session())


def _answer(wire: FakeWire, text: str) -> str:
    action = _found(r"(?:shell|transfer)/(\w+)</wsa:Action>", text)
    shell_id = _found(r'Name="ShellId">([^<]*)', text)
    return _ANSWERS[action](wire, text, shell_id)


def _create(wire: FakeWire, text: str, _shell_id: str) -> str:
    shell_id = wire.open_shell(
        codepage=int(_found(r'Name="WINRS_CODEPAGE"[^>]*>(\d+)', text)),
        noprofile=_found(r'Name="WINRS_NOPROFILE"[^>]*>(\w+)', text).upper() == "TRUE",
        idle_timeout=_found(r"IdleTimeOut>([^<]*)", text),
    )
    selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>'
    return f"<x:ResourceCreated><a:ReferenceParameters>{selector}</a:ReferenceParameters></x:ResourceCreated>"


def _command(wire: FakeWire, text: str, shell_id: str) -> str:
    assert _found(r'Name="WINRS_SKIP_CMD_SHELL"[^>]*>(\w+)', text) == "False", "cmd.exe runs the line"
    line = unescape(_found(r"(?s)rsp:Command>(.*?)</rsp:Command>", text))
    return (
        f"<rsp:CommandResponse><rsp:CommandId>{wire.run_command(shell_id, line)}</rsp:CommandId></rsp:CommandResponse>"
    )


def _receive(wire: FakeWire, text: str, shell_id: str) -> str:
    command_id = _found(r'CommandId="([^"]*)', text)
    wire.operation_timeout_sec = int(_found(r"OperationTimeout>PT(\d+)S", text))
    try:
        out, err, code, done = wire.get_command_output_raw(shell_id, command_id)
    except OperationTimeout:
        return _NO_OUTPUT_YET
    streams = "".join(
        f'<rsp:Stream Name="{name}" CommandId="{command_id}">{base64.b64encode(data).decode()}</rsp:Stream>'
        for name, data in (("stdout", out), ("stderr", err))
    )
    state = f'State="{_SHELL}/CommandState/{"Done" if done else "Running"}"'
    exit_code = f"<rsp:ExitCode>{code}</rsp:ExitCode>" if done else ""
    return (
        f'<rsp:ReceiveResponse>{streams}<rsp:CommandState CommandId="{command_id}" {state}>{exit_code}'
        "</rsp:CommandState></rsp:ReceiveResponse>"
    )


def _signal(wire: FakeWire, text: str, shell_id: str) -> str:
    assert _found(r"signal/(\w+)</", text) == "Terminate"
    wire.cleanup_command(shell_id, _found(r'CommandId="([^"]*)', text))
    return "<rsp:SignalResponse/>"


def _delete(wire: FakeWire, _text: str, shell_id: str) -> str:
    wire.close_shell(shell_id)
    return ""


_ANSWERS = {"Create": _create, "Command": _command, "Receive": _receive, "Signal": _signal, "Delete": _delete}


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""
