# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read scenarios: the Windows server that a host simulates, as a data file (TOML, see lab/README.md).

The classes are the file: a field is a key of a table, with its type and its default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from portkeeper_lab.paths import SCENARIOS, LabError
from portkeeper_lab.regtext import TYPES, Value

SERVICES_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
LAB_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\PortkeeperLab"
CONTROL_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control"

NEVER = 0x7FFFFFFF
"""Milliseconds after which Wine's own service manager starts our automatic services: the agent does it, in order."""

STARTS = {"auto": 2, "demand": 3, "disabled": 4}
OWN_PROCESS = 0x10


class ScenarioError(LabError):
    """A scenario file that is not right; the message names file, place and what is expected there."""


def _registry_key(key: str) -> str:
    if not key.upper().startswith(("HKLM\\", "HKCU\\")):
        raise ValueError("must begin with HKLM\\ or HKCU\\")
    return key


def _registry_value(value: object) -> Value:
    """Return a string is REG_SZ, a number REG_DWORD, a list REG_MULTI_SZ, {type, hex} anything else."""
    if isinstance(value, str):
        return Value.sz(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return Value.dword(value)
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return Value.multi_sz(value)
    if isinstance(value, dict) and set(value) == {"type", "hex"} and str(value["type"]) in TYPES:
        try:
            return Value(TYPES[value["type"]], bytes.fromhex(value["hex"]))
        except (TypeError, ValueError) as error:
            raise ValueError(f"has bad hex digits: {error}") from error
    raise ValueError("must be a text, a 32-bit number, a list of texts or { type = REG_..., hex = ... }")


def _file_name(name: str) -> str:
    if not name or ".." in name or name.startswith("/") or "\\" in name:
        raise ValueError("must be a path below C:\\ with slashes")
    return name


def _user(row: object) -> object:
    if not isinstance(row, str | dict):
        raise ValueError("must be a password or { password = ..., administrator = ... }")
    return {"password": row} if isinstance(row, str) else row


Port = Annotated[int, Field(ge=1, le=65535)]
FileName = Annotated[str, AfterValidator(_file_name)]
RegistryValue = Annotated[Value, PlainValidator(_registry_value)]
RegistryKeys = dict[Annotated[str, AfterValidator(_registry_key)], dict[str, RegistryValue]]


class Table(BaseModel):
    """A table of the file; a key that it does not know is refused, and no value is converted."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _knows_all_keys(cls, table: object) -> object:
        unknown = sorted(set(table) - set(cls.model_fields)) if isinstance(table, dict) else []
        if unknown:
            raise ValueError(f"has the unknown key {unknown[0]}; known are {', '.join(cls.model_fields)}")
        return table


class User(Table):
    """An account: the password alone, or a table."""

    password: Annotated[str, Field(min_length=1)]
    administrator: bool = True


def _administrator_first(users: dict[str, User]) -> dict[str, User]:
    if not next(iter(users.values())).administrator:
        raise ValueError("must begin with an administrator")
    return users


class Winrm(Table):
    """The WinRM server.

    Attributes:
        installed: whether the host has one; else its console is the only way to it.
        away_after_boot_seconds: how long it does not answer after a boot.
        profile: what it plays.
        options: more fields of its Options.
    """

    installed: bool = True
    away_after_boot_seconds: float = 0
    profile: str = "winrm2"
    options: dict[str, Any] = {}


class Console(Table):
    """The command processor, where it is not Wine's.

    Attributes:
        line_limit: the most characters of a line, on the console and in a script; None for no limit.
        version: what `ver` prints behind an empty line; "" for Wine's answer.
    """

    line_limit: Annotated[int, Field(ge=1)] | None = None
    version: str = ""


class Dns(Table):
    """The DNS server.

    Attributes:
        draw_first: ports that it takes first; empty is a free draw.
        draw_seed: makes the draw repeatable.
    """

    draw_first: list[Port] = []
    draw_seed: int | None = None


class Service(Table):
    """A service that the scenario adds."""

    display: str
    start: Literal["auto", "demand", "disabled"]
    image: str = "svchost.exe"
    account: str = "LocalSystem"
    depends: list[str] = []
    lab: dict[str, RegistryValue] = {}

    def keys(self, name: str, program: str) -> dict[str, dict[str, Value]]:
        """Return the service's registry keys.

        Args:
            name: of the service.
            program: the Windows path of its image.
        """
        key = f"{SERVICES_KEY}\\{name}"
        values = {
            "Type": Value.dword(OWN_PROCESS),
            "Start": Value.dword(STARTS[self.start]),
            "ErrorControl": Value.dword(1),
            "ImagePath": Value.sz(program),
            "DisplayName": Value.sz(self.display),
            "ObjectName": Value.sz(self.account),
            "DelayedAutostart": Value.dword(1),
        }
        if self.depends:
            values["DependOnService"] = Value.multi_sz(self.depends)
        return {key: values, **({f"{key}\\Lab": self.lab} if self.lab else {})}


_OEM_CODEPAGES = {"de": 850, "fr": 850, "ja": 932}
"""By language other than American English; Microsoft, National Language Support API reference, OEMCP."""


class Scenario(Table):
    """A Windows server to play.

    Attributes:
        include: files whose tables stand below those of this one.
        release: row of lab/tools.toml, for example nt5.
        language: with the release the folder below lab/formats.
        windows_version: what `winecfg -v` calls it.
        computer_name: NetBIOS name.
        users: by name; the first one is the inventory's.
        ipsec_failed_at_boot: what the IPsec driver does when PolicyAgent found its port taken at boot.
        windows_type: whether `type` on a command line converts UTF-16, as that of Windows does.
        disk_mb: room on the host's drive; None for that of this machine.
        absent_files: files and folders that Wine has and this Windows does not, relative to C:\\, with slashes.
        absent: registry key -> names of values that Wine has and this Windows does not.
        registry: more keys and values.
        services: by name, in boot order.
    """

    _name: str = PrivateAttr("")
    include: list[str] = []
    release: str
    language: str
    windows_version: str
    computer_name: str
    users: Annotated[
        dict[str, Annotated[User, BeforeValidator(_user)]], Field(min_length=1), AfterValidator(_administrator_first)
    ]
    ipsec_failed_at_boot: Literal["permit", "block"] = "permit"
    windows_type: bool = False
    disk_mb: int | None = None
    absent_files: list[FileName] = []
    winrm: Winrm = Winrm()
    console: Console = Console()
    dns: Dns = Dns()
    absent: dict[str, list[str]] = {}
    registry: RegistryKeys = {}
    services: dict[str, Service] = {}

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self._name

    @property
    def passwords(self) -> dict[str, str]:
        """The accounts with their passwords."""
        return {name: user.password for name, user in self.users.items()}

    @property
    def limited_users(self) -> tuple[str, ...]:
        """The accounts that are no administrators, in lower case as the WinRM server compares them."""
        return tuple(name.lower() for name, user in self.users.items() if not user.administrator)

    @property
    def oem_codepage(self) -> int:
        """The code page of a console in the scenario's language."""
        return _OEM_CODEPAGES.get(self.language, 437)

    def with_draw_seed(self, seed: int) -> Scenario:
        """Return the same with a repeatable draw."""
        return self.model_copy(update={"dns": self.dns.model_copy(update={"draw_seed": seed})})

    def images(self) -> set[str]:
        """Return the file names that the service program is needed under."""
        return {service.image for service in self.services.values()}

    def keys(self, programs: Mapping[str, str]) -> dict[str, dict[str, Value]]:
        """Everything that the scenario writes into the registry of a fresh prefix.

        Args:
            programs: image -> Windows path.
        """
        lab: dict[str, Value] = {"BootOrder": Value.multi_sz(list(self.services))}
        if self.dns.draw_first:
            lab["DrawFirst"] = Value.multi_sz([str(port) for port in self.dns.draw_first])
        if self.dns.draw_seed is not None:
            lab["DrawSeed"] = Value.dword(self.dns.draw_seed)
        keys: dict[str, dict[str, Value]] = {
            LAB_KEY: lab,
            CONTROL_KEY: {"AutoStartDelay": Value.dword(NEVER)},
        }
        for name, service in self.services.items():
            keys |= service.keys(name, programs[service.image])
        for key, values in self.registry.items():
            keys[key] = keys.get(key, {}) | values
        return keys


def find_scenario(name: str) -> Path:
    """Return the file of a scenario: a path, or the name of one in lab/scenarios.

    Raises:
        ScenarioError: there is none; the message lists those that are there.
    """
    path = Path(name) if name.endswith(".toml") else SCENARIOS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in SCENARIOS.glob("*.toml") if not p.stem.startswith("base-")))
        raise ScenarioError(f"There is no scenario {name}; lab/scenarios has: {known}.")
    return path


def load_scenario(path: Path) -> Scenario:
    """Read and validate a scenario file.

    Raises:
        ScenarioError: it cannot be read, or something in it is not right.
    """
    try:
        scenario = Scenario.model_validate(_load_table(path))
    except ValidationError as error:
        raise ScenarioError(_complaint(path, error)) from error
    scenario._name = path.stem
    return scenario


def _load_table(path: Path) -> dict[str, Any]:
    """Return a file with its includes; what the including file says wins, table by table."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path.name} cannot be read: {error}") from error
    whole: dict[str, Any] = {}
    include = table.get("include")
    for name in include if isinstance(include, list) else ():
        whole = _merged(whole, _load_table(path.parent / str(name)))
    return _merged(whole, table)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


WORDS = {"missing": "is missing", "dict_type": "must be a table", "model_type": "must be a table"}
"""Kinds of mistakes that pydantic names in words of Python."""


def _complaint(path: Path, error: ValidationError) -> str:
    """Return all errors of a file, one line each, with the position and what is expected there."""
    lines = []
    for row in error.errors(include_url=False):
        place = ".".join(str(part) for part in row["loc"] if part != "[key]") or "the file"
        words = WORDS.get(row["type"]) or row["msg"].removeprefix("Value error, ").replace("Input should", "must")
        shown = "" if isinstance(row["input"], dict) else f", not {row['input']!r}"
        lines.append(f"{path.name}: {place} {words}{shown}.")
    return "\n".join(lines)
