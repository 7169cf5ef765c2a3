# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A damaged name, a lost line end or lines in another order never make a value or a service absent.

Every case here was once read wrongly without a problem.
"""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netstat import parse_netstat
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.reg_query import (
    is_damaged_name,
    parse_reg,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import ABSENT, UNREAD
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    OPTIONS,
    SERVICES,
    TCPIP,
    facts_of,
    problem_ids,
    sbs2003,
    sbs2003_with,
)

SOFTWARE = "HKEY_LOCAL_MACHINE\\SOFTWARE"
OWN = f"{SOFTWARE}\\portkeeper"
STATE = f"{OWN}\\state"
RECORD = "    value\tREG_SZ\t1-1\n    boot_mark\tREG_SZ\t01C9124E6FC3C000\n    dns_pid\tREG_SZ\t1508\n\n"
RECORDS = f"{OWN}\n\n{STATE}\n\n{STATE}\\reserved_ports\n{RECORD}{STATE}\\socket_pool_size\n{RECORD}"
DAMAGED_NAMES = (
    "Max\xa0UserPort",
    "Max\xadUserPort",
    "MaxUser\u200bPort",
    "\ufeffMaxUserPort",
    "M&zwnj;axUserPort",
    "Max<wbr>UserPort",
    "**MaxUserPort**",
    "12MaxUserPort",
    "Max UserPort",
    "MaxUser?ort",
    "[0mMaxUserPort",
    "\\tab MaxUserPort",
    "\uff2daxUserPort",
)


def _max_user_port(body: str) -> tuple[Any, list[str]]:
    facts = sbs2003_with("tcpip", body)
    return facts["settings"]["max_user_port"], problem_ids(facts)


@pytest.mark.parametrize("name", DAMAGED_NAMES)
def test_a_value_with_a_damaged_name_is_not_absent(name: str) -> None:
    setting, problems = _max_user_port(f"{TCPIP}\n    {name}    REG_DWORD    0xea60\n\n")
    assert setting == UNREAD
    assert problems


@pytest.mark.parametrize("name", ["MaxUserPort_old", "MaxUserPortBackup", "TcpMaxUserPort", "ReservedPort"])
def test_a_value_of_another_name_is_another_value(name: str) -> None:
    assert _max_user_port(f"{TCPIP}\n    {name}    REG_DWORD    0xea60\n\n") == (ABSENT, [])
    assert not is_damaged_name("MaxUserPort", "MaxUserPort")


def test_the_translated_name_of_the_default_value_is_no_damaged_one() -> None:
    """It has as many letters as SocketPoolSize."""
    cyrillic = "\u041f\u043e \u0443\u043c\u043e\u043b\u0447\u0430\u043d\u0438\u044e"
    assert not is_damaged_name(f"({cyrillic})", "SocketPoolSize")


@pytest.mark.parametrize("end", ["", " ", "\t", "\u2028", "\x85", "\x0b", "\\n", "<br>"])
@pytest.mark.parametrize("separator", ["    ", "\t", " "])
def test_a_row_that_was_joined_to_another_is_not_absent(separator: str, end: str) -> None:
    rows = [f"    DataBasePath{separator}REG_EXPAND_SZ{separator}%SystemRoot%\\etc"]
    rows.append(f"    MaxUserPort{separator}REG_DWORD{separator}0xea60")
    assert _max_user_port(f"{TCPIP}\n{end.join(rows)}\n\n") == (UNREAD, ["section_damaged"])


def test_text_may_hold_the_name_of_a_type() -> None:
    text = f"{TCPIP}\n    Domain    REG_SZ    what REG_SZ means\n\n"
    assert _max_user_port(text) == (ABSENT, [])


@pytest.mark.parametrize(
    "body",
    [
        "    MaxUserPort    REG_DWORD    0xea60\n{key}\n\n{key}\\Winsock\n",
        "{key}\n\n{key}\\Winsock\n    MaxUserPort    REG_DWORD    0xea60\n\n",
        "{key}\nHKEY_LOCAL_MACHINE\n    MaxUserPort    REG_DWORD    0xea60\n\n{key}\\Winsock\n",
    ],
)
def test_a_value_that_stands_elsewhere_is_not_absent(body: str) -> None:
    setting, problems = _max_user_port(body.format(key=TCPIP))
    assert setting == UNREAD
    assert problems


def test_the_same_key_of_another_control_set_may_have_the_value() -> None:
    other = TCPIP.replace("CurrentControlSet", "ControlSet002")
    text = f"{TCPIP}\n    Domain    REG_SZ    x\n\n{other}\n    MaxUserPort    REG_DWORD    0xea60\n\n"
    assert _max_user_port(text) == (ABSENT, [])


@pytest.mark.parametrize("remains", [TCPIP[1:], TCPIP[20:], TCPIP[30:]])
def test_the_remains_of_a_key_are_no_remark(remains: str) -> None:
    assert parse_reg(f"{TCPIP}\n    Domain    REG_SZ    x\n\n{remains}\\Winsock\n").stray == 1


@pytest.mark.parametrize(
    "body",
    [
        f"{OPTIONS}\n    ProductType\tREG_SZ\tLanmanNT\n    Product\xa0Suite\tREG_MULTI_SZ\tSmall Business\\0\\0\n\n",
        f"{OPTIONS}\n    ProductType\tREG_SZ\tLanmanNT\n\n{OPTIONS}\\x\n    ProductSuite\tREG_MULTI_SZ\tx\\0\\0\n\n",
    ],
)
def test_a_small_business_server_is_not_another_one(body: str) -> None:
    assert problem_ids(sbs2003_with("product_options", body)) == ["section_damaged"]


def test_the_records_are_read() -> None:
    assert set(sbs2003_with("state", RECORDS)["state"]["settings"]) == {"reserved_ports", "socket_pool_size"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{STATE}\\socket_pool_size\n", ""),
        (f"{STATE}\\reserved_ports\n", ""),
        (f"{STATE}\\socket_pool_size", f"{STATE}\\socket_ool_size"),
        (f"{STATE}\\socket_pool_size", f"{STATE[:-3]}"),
        (f"{STATE}\\socket_pool_size", f"{STATE}\\socket\xad_pool_size".replace("SOFTWARE", "SOFT&shy;WARE")),
        (f"{STATE}\\socket_pool_size", f"{STATE}\\socket_pool_size"[1:]),
        ("01C9124E6FC3C000\n    dns_pid", "01C9124E6FC3C000\n    value\tREG_SZ\t1-1\n    dns_pid"),
    ],
)
def test_a_record_whose_key_is_damaged_is_not_gone(old: str, new: str) -> None:
    facts = sbs2003_with("state", RECORDS.replace(old, new, 1))
    assert facts["state"] == {"present": None, "settings": {}}
    assert len(problem_ids(facts)) == 1


def test_our_key_under_a_damaged_name_is_not_absent() -> None:
    facts = sbs2003_with("state", RECORDS.replace("portkeeper", "port\xadkeeper"))
    assert facts["state"]["present"] is None
    assert problem_ids(facts) == ["state_unreadable"]


@pytest.mark.parametrize("name", ["Tcp\xadPort", "Tcp&shy;Port", "TcpPort\ufeff"])
def test_a_port_of_sql_server_under_a_damaged_name(name: str) -> None:
    key = "HKEY_X\\SuperSocketNetLib\\Tcp"
    facts = sbs2003_with("sql_ports", f"{key}\n    {name}\tREG_SZ\t1433\n    TcpDynamicPorts\tREG_SZ\t\n")
    assert problem_ids(facts) == ["section_damaged"]


@pytest.mark.parametrize(
    "key", ["Trigger\xadInfo", "Trigger&shy;Info", "Trigger\ufeffInfo", "TriggerInfo\\par", "TriggerInfo}"]
)
def test_a_trigger_under_a_damaged_name(key: str) -> None:
    body = f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n{SERVICES}\\DNS\\{key}\n{SERVICES}\\Tcpip\n"
    assert sbs2003_with("service_starts", body)["services"]["DNS"]["trigger_start"] is None


def test_the_keys_of_a_trigger_are_no_damage() -> None:
    key = f"{SERVICES}\\DNS"
    facts = sbs2003_with("service_starts", f"{key}\n{key}\\TriggerInfo\n{key}\\TriggerInfo\\0\n{SERVICES}\\Tcpip\n")
    assert facts["services"]["DNS"]["trigger_start"] is True


def test_rows_in_front_of_the_first_key_prove_nothing() -> None:
    facts = sbs2003_with("service_starts", f"    Start\tREG_DWORD\t0x2\n{SERVICES}\\DNS\n{SERVICES}\\Tcpip\n")
    assert "service_starts_unreadable" in problem_ids(facts)


def test_a_service_under_a_damaged_name_is_missed() -> None:
    text = sbs2003().replace("SERVICE_NAME: PolicyAgent", "SERVICE_NAME: Policy&shy;Agent")
    assert "services_contradict" in problem_ids(facts_of(text))


@pytest.mark.parametrize("mark", ["  ...", "[...]", "(...)", "\u2026", "<SNIP>"])
def test_rows_of_netstat_that_somebody_left_out_are_counted(mark: str) -> None:
    row = "  UDP    0.0.0.0:53             *:*                                    1508\n"
    assert len(parse_netstat(f"{row}{mark}\n{row}").unread) == 1
    assert parse_netstat(f"{row} [dns.exe]\n  Dhcp\n{row}").unread == []
    assert parse_netstat(f"{mark}\n{row}").unread == []
