# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What saves time per host changes nothing else: the handshake in the main process, and a session's environment."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest
import spnego
from requests import PreparedRequest, Request
from requests.sessions import Session as HttpSession
from requests.utils import resolve_proxies, select_proxy
from winrm.transport import Transport

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import warm
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.winrs import keep_environment

HOST = "http://srv.example:5985/wsman"
PROXY, OTHER = "http://proxy.example:3128", "http://other.example:3128"


def test_the_handshake_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error there is not reported; it would only make each host slower."""
    made: list[Any] = []
    real = spnego.client
    monkeypatch.setattr(spnego, "client", lambda *names, **options: made.append(real(*names, **options)) or made[-1])
    monkeypatch.setattr(socket, "socket", None)
    warm.warm_up()
    (client,) = made
    assert client.complete
    assert client.wrap(b"x").encrypted


def test_a_missing_library_is_not_its_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spnego", None)
    warm.warm_up()


def built(**options: Any) -> HttpSession:
    transport = Transport(HOST, username="u", password="p", auth_method="basic", message_encryption="never", **options)
    session: HttpSession = transport.build_session()
    return session


def route(session: HttpSession) -> tuple[str | None, object]:
    """Return the proxy that the next request takes, and what certificates are checked against."""
    request: PreparedRequest = session.prepare_request(Request("POST", HOST))
    return select_proxy(HOST, resolve_proxies(request, session.proxies, session.trust_env)), session.verify


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("proxy", [None, "legacy_requests", OTHER])
@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"http_proxy": PROXY},
        {"all_proxy": PROXY},
        {"http_proxy": PROXY, "no_proxy": "srv.example"},
        {"http_proxy": PROXY, "REQUESTS_CA_BUNDLE": "/etc/ca.pem"},
    ],
    ids=lambda environment: ",".join(environment) or "empty",
)
def test_proxies_and_certificates_stay(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxy: str | None
) -> None:
    for name in ("http_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = built(proxy=proxy)
    before = route(session)
    keep_environment(session)
    assert session.trust_env is False
    assert route(session) == before


def test_without_a_password_of_its_own_a_session_may_look_for_one() -> None:
    session = HttpSession()
    keep_environment(session)
    assert session.trust_env is True
