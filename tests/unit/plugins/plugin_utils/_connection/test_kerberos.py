# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kerberos: what the controller lacks is said beforehand, and a task gets its ticket once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import (
    HostFailure,
    LogonRefused,
    Target,
    connection_failure,
    credentials_refused,
    explained,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import (
    REFUSED_PAUSES_S,
    Session,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.transports import refuse_foreign
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import (
    loaded,
    named,
    run,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

BASE = -1765328384
"""ERROR_TABLE_BASE_krb5: the numbers of RFC 4120 are added to it."""

TARGET = Target("srv.example", 5985, "admin@EXAMPLE.COM", "psrp, auth kerberos")


def connection(plugin: str, **variables: Any) -> Any:
    """Return the connection plugin of the installed ansible-core, with a principal as user."""
    options = {
        "ansible_host": "srv.example",
        "ansible_port": 5985,
        "ansible_user": "admin@EXAMPLE.COM",
        "ansible_password": "secret-password",
        "ansible_psrp_auth": "kerberos",
        **variables,
    }
    return loaded(plugin, options)


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules of Kerberos as if they were installed."""
    for name in ("kerberos", "gssapi", "krb5"):
        monkeypatch.setitem(sys.modules, name, sys)


@pytest.mark.parametrize(
    ("plugin", "module", "package", "other"),
    [
        ("winrm", "kerberos", r"pywinrm\[kerberos\]", "ansible_winrm_transport=ntlm"),
        ("psrp", "gssapi", r"pypsrp\[kerberos\]", "ansible_psrp_auth=ntlm"),
        ("psrp", "krb5", r"pypsrp\[kerberos\]", "ansible_psrp_auth=ntlm"),
    ],
)
@pytest.mark.usefixtures("libraries")
def test_a_missing_library_is_named(
    plugin: str, module: str, package: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no transport is set, winrm's plugin takes Kerberos for a principal."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(AnsibleError, match=f"client01: Kerberos needs the Python package {package} .*set {other}"):
        refuse_foreign(connection(plugin), "client01")


@pytest.mark.usefixtures("libraries")
def test_kinit_is_needed_only_where_a_password_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    with pytest.raises(AnsibleError, match=r"client01: .* needs the program kinit .*ansible_winrm_kinit_cmd"):
        refuse_foreign(connection("winrm"), "client01")
    refuse_foreign(connection("winrm", ansible_password=None), "client01")
    refuse_foreign(connection("winrm", ansible_winrm_kinit_mode="manual"), "client01")


def test_another_way_to_log_on_that_the_user_names_may_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kerberos", None)
    refuse_foreign(connection("winrm", ansible_winrm_transport=["kerberos", "ntlm"]), "client01")
    refuse_foreign(connection("psrp", ansible_psrp_auth="negotiate"), "client01")


def test_a_task_gets_its_ticket_once() -> None:
    """A second kinit would ask a KDC that cannot be found while its DNS is stopped."""
    wire = FakeWire(FakeHost())
    wire.transport.auth_method = "kerberos"
    plugin = FakeConnection(wire)
    session = Session(plugin)
    run(session)
    assert plugin.options["kerberos_mode"] == "manual"
    ntlm = FakeConnection(FakeWire(FakeHost()))
    run(Session(ntlm))
    assert "kerberos_mode" not in ntlm.options


def test_the_plugin_runs_no_kinit_in_its_mode_manual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pinned on the plugin itself: it looks at the option each time that it connects."""
    plugin = connection("winrm", ansible_winrm_transport="kerberos")
    calls: list[bool] = []
    monkeypatch.setattr(plugin, "_winrm_connect", lambda: calls.append(plugin._kerb_managed))
    plugin._connect()
    plugin.set_option("kerberos_mode", "manual")
    plugin._connect()
    assert calls == [True, False]


def test_the_plugins_words_about_a_ticket_become_one_sentence() -> None:
    plugin = FakeConnection(FakeWire(FakeHost()), transport=["kerberos"])
    plugin.connect_fault = AnsibleConnectionFailure("Kerberos auth failure for principal a@B: kinit: text")
    with pytest.raises(
        AnsibleConnectionFailure, match=r"client01 port 5985 .*got no logon from Kerberos .*ansible_winrm_transport"
    ):
        run(Session(plugin))


@pytest.mark.parametrize("kind", ["KerberosExchangeError", "SpnegoError", "Krb5Error", "NoCredentialError"])
def test_errors_of_the_libraries_are_explained(kind: str) -> None:
    text = explained(named(kind), Target("srv.example", 5985, "admin@EXAMPLE.COM", "psrp, auth kerberos"))
    assert "got no logon from Kerberos" in text and "krb5.conf" in text


def test_another_logon_does_not_speak_of_kerberos() -> None:
    assert "Kerberos" not in explained(named("SpnegoError"), Target("srv.example", 5985, "", "psrp, auth ntlm"))


def of_krb5(number: int) -> Exception:
    """Return what pyspnego raises for a password, from krb5.get_init_creds_password."""
    return named("Krb5Error", err_code=BASE + number)


def of_gssapi(number: int) -> Exception:
    """Return what pyspnego raises for a step with a ticket; gssapi's minor code has no sign."""
    return named("SpnegoError", base_error=named("GSSError", maj_code=851968, min_code=(BASE + number) % 2**32))


def of_pykerberos(number: int) -> Exception:
    """Return what pywinrm raises while it handles pykerberos' error."""
    inner = named("GSSError")
    inner.args = (("Unspecified GSS failure", 851968), ("text in any language", BASE + number))
    error = named("KerberosExchangeError")
    error.__context__ = inner
    return error


MADE = pytest.mark.parametrize("made", [of_krb5, of_gssapi, of_pykerberos])


@MADE
@pytest.mark.parametrize(
    "number", [1, 6, 18, 23, 24, 31], ids=["expired", "unknown", "revoked", "password-expired", "preauth", "integrity"]
)
def test_what_the_kdc_refuses_is_a_refused_logon(made: Callable[[int], Exception], number: int) -> None:
    """Active Directory counts such attempts and locks the account; the number decides, not the text."""
    error = made(number)
    assert credentials_refused(error)
    failure = connection_failure(error, TARGET)
    assert isinstance(failure, LogonRefused) and "got no logon from Kerberos" in str(failure)


@MADE
@pytest.mark.parametrize("number", [7, 14, 37, 156, 141], ids=["server", "etype", "skew", "no-kdc", "no-ticket"])
def test_what_says_nothing_about_the_password_may_be_tried_again(made: Callable[[int], Exception], number: int) -> None:
    assert not credentials_refused(made(number))


def test_numbers_of_another_library_are_no_answer_of_a_kdc() -> None:
    for error in (OSError(BASE + 24), ValueError(("a", 1), ("b", BASE + 24)), named("Krb5Error", err_code="24")):
        assert not credentials_refused(error)
    error = named("Krb5Error")
    error.__context__ = error
    assert not credentials_refused(error)


def test_a_password_that_was_changed_is_not_tried_until_the_account_is_locked() -> None:
    plugin = FakeConnection(FakeWire(FakeHost()))
    session = Session(plugin)
    run(session)
    plugin.wire.open_fault = of_krb5(24)
    pauses = []
    for _attempt in range(len(REFUSED_PAUSES_S) + 1):
        session.reconnect()
        with pytest.raises(HostFailure):
            run(session)
        pauses.append(session.pause_before_retry(5))
    assert pauses == [*REFUSED_PAUSES_S, None]
