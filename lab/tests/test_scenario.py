# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files are validated, and errors name the position."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portkeeper_lab.account import account_of
from portkeeper_lab.backend import Launch
from portkeeper_lab.paths import SCENARIOS
from portkeeper_lab.regtext import Value, add_keys, drop_keys, drop_values
from portkeeper_lab.scenario import SERVICES_KEY, ScenarioError, find_scenario, load_scenario
from portkeeper_lab.windows_type import PROGRAM, with_windows_type

NAMES = sorted(path.stem for path in SCENARIOS.glob("*.toml") if "base-" not in path.stem)
HEAD = """
release = "nt5"
language = "en"
windows_version = "win2003"
computer_name = "HOST"
[users]
Administrator = "secret"
"""


def load(folder: Path, text: str) -> None:
    """Write a scenario and read it."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    load_scenario(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_is_right(name: str) -> None:
    scenario = load_scenario(find_scenario(name))
    assert scenario.name == name
    assert len(scenario.services) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_names_its_sources(name: str) -> None:
    """Those of one that only changes another scenario are there."""
    text = find_scenario(name).read_text(encoding="utf-8")
    assert "# Sources: " in text or re.search(r'^include = \["(?!base-)', text, re.MULTILINE)


def test_sbs2003_starts_dns_before_its_victims(request: pytest.FixtureRequest) -> None:
    scenario = load_scenario(find_scenario("sbs2003"))
    running = [name for name, service in scenario.services.items() if service.start == "auto"]
    assert running[-3:] == ["DNS", "IAS", "PolicyAgent"]
    assert scenario.dns.draw_first == [1645, 4500]
    assert scenario.services["RemoteAccess"].start == "disabled"
    assert "ClusSvc" not in scenario.services


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("release =", "cannot be read"),
        ("release = 5", "release must be a valid string, not 5"),
        (HEAD.replace('release = "nt5"\n', ""), "release is missing"),
        (HEAD.replace('Administrator = "secret"', ""), "users Dictionary should have at least 1 item"),
        ("nonsense = 1\n" + HEAD, "the file has the unknown key nonsense; known are include, release, language,"),
        ("name = 'x'\n" + HEAD, "the file has the unknown key name"),
        ("services = []\n" + HEAD, "services must be a table, not []"),
        ("disk_mb = true\n" + HEAD, "disk_mb must be a valid integer, not True"),
        (
            HEAD.replace('"secret"', '{ administrator = false, password = "x" }'),
            "users must begin with an administrator",
        ),
        (
            HEAD.replace('"secret"', "{ administrator = 1 }"),
            "users.Administrator.administrator must be a valid boolean",
        ),
        (HEAD.replace('"secret"', "5"), "users.Administrator must be a password or {"),
        (HEAD.replace('"secret"', '""'), "users.Administrator.password String should have at least 1 character"),
        ("ipsec_failed_at_boot = 'maybe'\n" + HEAD, "ipsec_failed_at_boot must be 'permit' or 'block', not 'maybe'"),
        (HEAD + "[dns]\ndraw_first = [70000]", "dns.draw_first.0 must be less than or equal to 65535, not 70000"),
        (
            HEAD + "[winrm]\naway = 1",
            "winrm has the unknown key away; known are installed, away_after_boot_seconds, profile, options",
        ),
        (HEAD + "[registry.'HKU\\x']\na = 1", "registry.HKU\\x must begin with HKLM"),
        (HEAD + "[registry.'HKLM\\x']\na = 1.5", "registry.HKLM\\x.a must be a text, a 32-bit number, a list"),
        (HEAD + "[registry.'HKLM\\x']\na = { type = 'REG_SZ', hex = 'zz' }", "registry.HKLM\\x.a has bad hex digits"),
        (
            HEAD + "[services.X]\ndisplay = 'X'\nstart = 'now'",
            "services.X.start must be 'auto', 'demand' or 'disabled'",
        ),
        (
            HEAD + "[services.X]\ndisplay = 'X'\nstart = 'auto'\nimge = 'x'",
            "services.X has the unknown key imge; known are",
        ),
        ("absent_files = ['../x']\n" + HEAD, "absent_files.0 must be a path below C:\\ with slashes, not '../x'"),
        ('include = ["nothing.toml"]', "nothing.toml cannot be read"),
        ('include = "nothing.toml"\n' + HEAD, "include must be a valid list"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match="toml") as caught:
        load(tmp_path, text)
    assert complaint in str(caught.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, "disk_mb = 'much'\n" + HEAD + "[services.X]\nstart = 'auto'\n")
    assert str(caught.value).splitlines() == [
        "mine.toml: disk_mb must be a valid integer, not 'much'.",
        "mine.toml: services.X.display is missing.",
    ]


def test_what_includes_wins(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(
        HEAD + "[services.A]\ndisplay = 'A'\nstart = 'demand'\n[services.B]\ndisplay = 'B'\nstart = 'demand'\n",
        encoding="utf-8",
    )
    path = tmp_path / "mine.toml"
    path.write_text('include = ["base.toml"]\nlanguage = "de"\n[services.A]\nstart = "auto"\n', encoding="utf-8")
    scenario = load_scenario(path)
    assert scenario.language == "de"
    assert {name: service.start for name, service in scenario.services.items()} == {"A": "auto", "B": "demand"}


def test_registry_of_a_scenario() -> None:
    scenario = load_scenario(find_scenario("sbs2003"))
    keys = scenario.keys({image: f"C:\\{image}" for image in scenario.images()})
    assert keys[f"{SERVICES_KEY}\\DNS"]["ImagePath"] == Value.sz("C:\\dns.exe")
    assert keys[f"{SERVICES_KEY}\\DNS\\Lab"] == {"Kind": Value.sz("dns")}
    assert keys[f"{SERVICES_KEY}\\Tcpip\\Parameters"]["MaxUserPort"] == Value.dword(65534)


def test_text_of_the_registry_file(tmp_path: Path) -> None:
    (tmp_path / "system.reg").write_text("WINE REGISTRY Version 2\n", encoding="utf-8")
    add_keys(
        tmp_path,
        {"HKLM\\SYSTEM\\CurrentControlSet\\Control\\A [1]": {"": Value.sz("x"), 'q"ä': Value.multi_sz(["1-1"])}},
    )
    text = (tmp_path / "system.reg").read_text(encoding="ascii")
    assert "[System\\\\ControlSet001\\\\Control\\\\A \\[1\\]]" in text
    assert "@=hex(1):78,00,00,00" in text
    assert '"q\\"\\x00e4"=hex(7):31,00,2d,00,31,00,00,00,00,00' in text


def test_keys_can_be_dropped_but_for_some_below_them(tmp_path: Path) -> None:
    (tmp_path / "system.reg").write_text(
        '[Software\\\\A] 1\n"one"="1"\n\n[Software\\\\A\\\\B] 1\n"two"="2"\n\n[Software\\\\A\\\\C] 1\n"three"="3"\n\n'
        '[Software\\\\AB] 1\n"four"="4"\n',
        encoding="utf-8",
    )
    drop_keys(tmp_path, ["HKLM\\software\\a", "HKLM\\Software\\absent"], but=["HKLM\\Software\\A\\b"])
    assert (tmp_path / "system.reg").read_text(encoding="utf-8") == (
        '[Software\\\\A\\\\B] 1\n"two"="2"\n\n[Software\\\\AB] 1\n"four"="4"\n'
    )


def test_values_can_be_dropped(tmp_path: Path) -> None:
    (tmp_path / "system.reg").write_text(
        '[Software\\\\A] 1\n"one"="1"\n"Two"=hex:00,\\\n  01,02\n"three"="3"\n\n[Software\\\\B] 1\n"two"="2"\n',
        encoding="utf-8",
    )
    drop_values(tmp_path, "HKLM\\SOFTWARE\\A", ["two"])
    assert (tmp_path / "system.reg").read_text(encoding="utf-8") == (
        '[Software\\\\A] 1\n"one"="1"\n"three"="3"\n\n[Software\\\\B] 1\n"two"="2"\n'
    )


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ("type a.txt", True),
        ("(echo x&type a.txt)", True),
        ("x||type a.txt", True),
        ("for %i in (1) do @type a.txt", True),
        ("@echo off\r\ntype a.txt", True),
        ("echo x^&type a.txt", False),
        ("sc query bufsize= 1 type= service", False),
        ("cmd.exe /d /u /c type a.txt", False),
    ],
)
def test_which_type_is_that_of_windows(line: str, called: bool) -> None:
    assert with_windows_type(line) == (line.replace("type", PROGRAM) if called else line)


def test_the_account_s_command_processor():
    """A variable, AutoRun's command and late expansion reach every command line, and nothing that has no shell."""
    account = account_of(load_scenario(find_scenario("sbs2003-account")).registry)
    started = account.started(Launch("echo x", environment={"ONE": "1"}))
    assert (started.line, started.skip_shell) == ("cmd.exe /V:ON /C prompt $D$G&echo autorun&echo x", True)
    assert started.environment == {"PROMPT": "$D$G", "ONE": "1"}
    assert account.started(Launch("dns.exe", skip_shell=True)).line == "dns.exe"
    plain = account_of(load_scenario(find_scenario("sbs2003")).registry).started(Launch("echo x"))
    assert (plain.line, plain.skip_shell) == ("echo x", False)
