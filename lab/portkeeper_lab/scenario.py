# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios: which Windows server a host plays, as a data file (TOML, see lab/README.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portkeeper_lab.paths import SCENARIOS, LabError
from portkeeper_lab.regtext import TYPES, Value

SERVICES_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
LAB_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\PortkeeperLab"
CONTROL_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control"

NEVER = 0x7FFFFFFF
"""Milliseconds after which Wine's own service manager starts our automatic services: the agent does it, in order."""

STARTS = {"auto": 2, "demand": 3, "disabled": 4}
OWN_PROCESS = 0x10
AFTER_FAILED_IPSEC = ("permit", "block")
DEFAULT_IMAGE = "svchost.exe"


class ScenarioError(LabError):
    """A scenario file that is not right; the message names file, place and what is wrong."""


@dataclass(frozen=True)
class Service:
    """A service that the scenario adds."""

    name: str
    display: str
    start: int = STARTS["demand"]
    image: str = DEFAULT_IMAGE
    account: str = "LocalSystem"
    depends: tuple[str, ...] = ()
    lab: Mapping[str, Value] = field(default_factory=dict)

    def keys(self, program: str) -> dict[str, dict[str, Value]]:
        """The service's registry keys.

        Args:
            program: the Windows path of its image.
        """
        key = f"{SERVICES_KEY}\\{self.name}"
        values = {
            "Type": Value.dword(OWN_PROCESS),
            "Start": Value.dword(self.start),
            "ErrorControl": Value.dword(1),
            "ImagePath": Value.sz(program),
            "DisplayName": Value.sz(self.display),
            "ObjectName": Value.sz(self.account),
            "DelayedAutostart": Value.dword(1),
        }
        if self.depends:
            values["DependOnService"] = Value.multi_sz(list(self.depends))
        return {key: values, **({f"{key}\\Lab": dict(self.lab)} if self.lab else {})}


@dataclass(frozen=True)
class Scenario:
    """A Windows server to play.

    Attributes:
        name: the file's name without its ending.
        release: row of lab/tools.toml, for example nt5.
        language: with the release the folder below lab/formats.
        windows_version: what `winecfg -v` calls it.
        computer_name: NetBIOS name.
        users: name -> password; the first one is the inventory's.
        limited_users: those of them who are no administrators.
        ipsec_failed_at_boot: what the IPsec driver does when PolicyAgent found its port taken at boot: permit or block.
        away_after_boot: seconds after a boot that WinRM does not answer.
        winrm_profile: profile of the WinRM server.
        winrm_options: further fields of its Options.
        draw_first: ports that DNS takes first; empty is a free draw.
        draw_seed: makes the draw repeatable.
        registry: further keys and values.
        absent: key -> names of values that Wine has and this Windows does not.
        absent_files: the same for files and folders, relative to C:\\, with slashes.
        services: in boot order.
        windows_type: whether `type` on a command line converts UTF-16, as that of Windows does.
        disk_mb: room on the host's drive; None for that of this machine.
    """

    name: str
    release: str
    language: str
    windows_version: str
    computer_name: str
    users: Mapping[str, str]
    limited_users: frozenset[str] = frozenset()
    ipsec_failed_at_boot: str = AFTER_FAILED_IPSEC[0]
    away_after_boot: float = 0.0
    winrm_profile: str = "winrm2"
    winrm_options: Mapping[str, Any] = field(default_factory=dict)
    draw_first: tuple[int, ...] = ()
    draw_seed: int | None = None
    registry: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    absent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent_files: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    windows_type: bool = False
    disk_mb: int | None = None

    def images(self) -> set[str]:
        """The file names that the service program is needed under."""
        return {service.image for service in self.services}

    def keys(self, programs: Mapping[str, str]) -> dict[str, dict[str, Value]]:
        """Everything that the scenario writes into the registry of a fresh prefix.

        Args:
            programs: image -> Windows path.
        """
        lab: dict[str, Value] = {"BootOrder": Value.multi_sz([service.name for service in self.services])}
        if self.draw_first:
            lab["DrawFirst"] = Value.multi_sz([str(port) for port in self.draw_first])
        if self.draw_seed is not None:
            lab["DrawSeed"] = Value.dword(self.draw_seed)
        keys: dict[str, dict[str, Value]] = {
            LAB_KEY: lab,
            CONTROL_KEY: {"AutoStartDelay": Value.dword(NEVER)},
        }
        for service in self.services:
            keys |= service.keys(programs[service.image])
        for key, values in self.registry.items():
            keys[key] = keys.get(key, {}) | dict(values)
        return keys


def find_scenario(name: str) -> Path:
    """The file of a scenario: a path, or the name of one in lab/scenarios.

    Raises:
        ScenarioError: there is none; the message lists those that are there.
    """
    path = Path(name) if name.endswith(".toml") else SCENARIOS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in SCENARIOS.glob("*.toml") if not p.stem.startswith("base-")))
        raise ScenarioError(f"There is no scenario {name}; lab/scenarios has: {known}.")
    return path


def load_scenario(path: Path) -> Scenario:
    """Reads and checks a scenario file.

    Raises:
        ScenarioError: it cannot be read, or something in it is not right.
    """
    reader = _Reader(path.name)
    table = _load_table(path)
    reader.check(table, TOP, "the file")
    winrm, dns = table.get("winrm", {}), table.get("dns", {})
    reader.check(winrm, WINRM, "[winrm]")
    reader.check(dns, DNS, "[dns]")
    users, limited = reader.users(table["users"])
    ipsec = table.get("ipsec_failed_at_boot", AFTER_FAILED_IPSEC[0])
    if ipsec not in AFTER_FAILED_IPSEC:
        known = ", ".join(AFTER_FAILED_IPSEC)
        raise reader.error("the file", f"has ipsec_failed_at_boot = {ipsec!r}; known are {known}")
    return Scenario(
        name=path.stem,
        release=table["release"],
        language=table["language"],
        windows_version=table["windows_version"],
        computer_name=table["computer_name"],
        users=users,
        limited_users=limited,
        ipsec_failed_at_boot=ipsec,
        away_after_boot=float(winrm.get("away_after_boot_seconds", 0)),
        winrm_profile=winrm.get("profile", "winrm2"),
        winrm_options=winrm.get("options", {}),
        draw_first=tuple(reader.port(port, "[dns] draw_first") for port in dns.get("draw_first", [])),
        draw_seed=dns.get("draw_seed"),
        registry=reader.registry(table.get("registry", {})),
        absent={key: tuple(map(str, names)) for key, names in table.get("absent", {}).items()},
        absent_files=tuple(reader.file(name) for name in table.get("absent_files", [])),
        services=reader.services(table.get("services", {})),
        windows_type=table.get("windows_type", False),
        disk_mb=table.get("disk_mb"),
    )


TOP = {
    "release": str, "language": str, "windows_version": str, "computer_name": str, "users": dict,
    "include?": list, "winrm?": dict, "dns?": dict, "registry?": dict, "absent?": dict,
    "absent_files?": list, "services?": dict, "ipsec_failed_at_boot?": str, "windows_type?": bool, "disk_mb?": int,
}  # fmt: skip
WINRM = {"away_after_boot_seconds?": (int, float), "profile?": str, "options?": dict}
DNS = {"draw_first?": list, "draw_seed?": int}
USER = {"password": str, "administrator?": bool}
SERVICE = {
    "display": str, "start": str, "image?": str, "account?": str, "depends?": list, "lab?": dict,
}  # fmt: skip
"""Keys of the tables and their types; "?" marks those that may be missing."""


def _load_table(path: Path) -> dict[str, Any]:
    """A file with its includes; what the including file says wins, table by table."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path.name} cannot be read: {error}") from error
    whole: dict[str, Any] = {}
    for name in table.get("include", []):
        whole = _merged(whole, _load_table(path.parent / name))
    return _merged(whole, table)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


class _Reader:
    """Checks one file; every complaint names the file and the place."""

    def __init__(self, file: str) -> None:
        self._file = file

    def error(self, place: str, what: str) -> ScenarioError:
        return ScenarioError(f"{self._file}: {place} {what}.")

    def check(self, table: Mapping[str, Any], spec: Mapping[str, Any], place: str) -> None:
        known = {key.rstrip("?"): kind for key, kind in spec.items()}
        for key, value in table.items():
            if key not in known:
                raise self.error(place, f"has the unknown key {key!r}; known are {', '.join(known)}")
            if not isinstance(value, known[key]) or (isinstance(value, bool) and known[key] is not bool):
                raise self.error(place, f"has {key} = {value!r}, which is not of the right type")
        for key in spec:
            if not key.endswith("?") and key not in table:
                raise self.error(place, f"lacks {key}")

    def users(self, table: Mapping[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
        """name = "password" or name = { password = "...", administrator = false } -> passwords, and who is limited."""
        rows = {name: {"password": row} if isinstance(row, str) else row for name, row in table.items()}
        for name, row in rows.items():
            if not isinstance(row, dict):
                raise self.error(f"[users] {name}", "is neither a password nor a table")
            self.check(row, USER, f"[users] {name}")
        if not rows or not all(row["password"] for row in rows.values()):
            raise self.error("[users]", 'needs at least one name = "password"')
        limited = frozenset(name for name, row in rows.items() if not row.get("administrator", True))
        if next(iter(rows)) in limited:
            raise self.error("[users]", "must begin with an administrator")
        return {name: row["password"] for name, row in rows.items()}, limited

    def port(self, value: object, place: str) -> int:
        if not isinstance(value, int) or not 1 <= value <= 65535:
            raise self.error(place, f"has {value!r}, which is no port")
        return value

    def file(self, name: object) -> str:
        if not isinstance(name, str) or not name or ".." in name or name.startswith("/") or "\\" in name:
            raise self.error("absent_files", f"has {name!r}, which is no path below C:\\ with slashes")
        return name

    def registry(self, table: Mapping[str, Any]) -> dict[str, dict[str, Value]]:
        keys: dict[str, dict[str, Value]] = {}
        for key, values in table.items():
            place = f"[registry.'{key}']"
            if not key.upper().startswith(("HKLM\\", "HKCU\\")):
                raise self.error(place, "must begin with HKLM\\ or HKCU\\")
            if not isinstance(values, dict):
                raise self.error(place, "is not a table")
            keys[key] = {name: self.value(value, f"{place} {name}") for name, value in values.items()}
        return keys

    def value(self, value: object, place: str) -> Value:
        """A string is REG_SZ, a number REG_DWORD, a list REG_MULTI_SZ, {type, hex} anything else."""
        if isinstance(value, str):
            return Value.sz(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
            return Value.dword(value)
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return Value.multi_sz(value)
        if isinstance(value, dict) and set(value) == {"type", "hex"} and value["type"] in TYPES:
            try:
                return Value(TYPES[value["type"]], bytes.fromhex(value["hex"]))
            except (TypeError, ValueError) as error:
                raise self.error(place, f"has bad hex digits: {error}") from error
        raise self.error(place, "is neither text, a 32-bit number, a list of texts nor {type = REG_..., hex = ...}")

    def services(self, table: Mapping[str, Any]) -> tuple[Service, ...]:
        return tuple(self.service(name, row) for name, row in table.items())

    def service(self, name: str, row: object) -> Service:
        place = f"[services.{name}]"
        if not isinstance(row, dict):
            raise self.error(place, "is not a table")
        self.check(row, SERVICE, place)
        if row["start"] not in STARTS:
            raise self.error(place, f"has start = {row['start']!r}; known are {', '.join(STARTS)}")
        lab = {key: self.value(value, f"{place} lab.{key}") for key, value in row.get("lab", {}).items()}
        return Service(
            name=name,
            display=row["display"],
            start=STARTS[row["start"]],
            image=row.get("image", DEFAULT_IMAGE),
            account=row.get("account", "LocalSystem"),
            depends=tuple(row.get("depends", [])),
            lab=lab,
        )
