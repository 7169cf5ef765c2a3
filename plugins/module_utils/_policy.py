# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy: one table of options for all modules and the role, and the validated, immutable values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._catalogue.extra import EXTRA_OPTIONS
from ._catalogue.row import (
    ANY_SERVICE_NAME_RE,
    SERVICE_NAME_RE,
    CatalogueError,
    CatalogueRow,
    may_never_start,
    port_text,
)
from ._catalogue.sbs2003 import PROFILES, rows_from_extra
from ._ports import HIGHEST_PORT, LOWEST_PORT, PortError, PortSet, Range
from ._windows.range_owners import FORCES
from ._windows.settings import DNS_PORT, DNS_SERVICE, NETSH, RANGES

AUTO_PROFILE = "auto"
POOL_SIZE_MAX = 10_000
"""Highest documented SocketPoolSize (Microsoft's documentation of dnscmd /config /SocketPoolSize: 0 to 10000)."""
POOL_SIZE_DEFAULT = 2_500
"""What DNS uses when SocketPoolSize is absent (KB953230)."""
LOWEST_DYNAMIC_PORT = 1_025
LEAST_DYNAMIC_PORTS = 255
"""What Windows accepts as a dynamic range: KB929851."""

_RANGE_OPTIONS: dict[str, dict[str, Any]] = {"start": {"type": "int"}, "count": {"type": "int"}}
_FAMILY_RANGE_OPTIONS = {name: {**row, "required": True} for name, row in _RANGE_OPTIONS.items()}
_DYNAMIC_OPTIONS: dict[str, dict[str, Any]] = {
    **_RANGE_OPTIONS,
    **{name: {"type": "dict", "options": _FAMILY_RANGE_OPTIONS} for name in NETSH.values()},
    "force": {"type": "list", "elements": "str", "default": [], "choices": list(FORCES)},
}

PLAN_SPEC: dict[str, dict[str, Any]] = {
    "profiles": {"type": "list", "elements": "str", "default": [AUTO_PROFILE], "choices": [AUTO_PROFILE, *PROFILES]},
    "detect": {"type": "bool", "default": True},
    "extra_ports": {"type": "list", "elements": "str", "default": []},
    "ignore_services": {"type": "list", "elements": "str", "default": []},
    "include_listeners": {"type": "bool", "default": False},
    "catalogue_extra": {"type": "list", "elements": "dict", "default": [], "options": EXTRA_OPTIONS},
    "reserve_unexposed": {"type": "bool"},
    "socket_pool_size": {"type": "int"},
    "allow_small_pool": {"type": "bool", "default": False},
    "dynamic_port_range": {"type": "dict", "options": _DYNAMIC_OPTIONS},
    "prune": {"type": "bool", "default": False},
    "repair": {"type": "bool", "default": False},
    "use_netsh": {"type": "bool", "default": False},
    "max_risk": {"type": "float"},
    "start_services": {"type": "list", "elements": "str", "default": []},
    "restart_services": {"type": "list", "elements": "str", "default": []},
}
"""The options that decide what the plan says."""

RUN_SPEC: dict[str, dict[str, Any]] = {
    "reboot": {"type": "str", "default": "never", "choices": ["never", "if_required"]},
    "on_failure": {"type": "str", "default": "keep", "choices": ["keep", "rollback"]},
    "restart_group": {"type": "str"},
    "backups_kept": {"type": "int", "default": 10},
    "artifacts_dir": {"type": "path"},
    "run_id": {"type": "str"},
    "backup_dir": {"type": "path"},
    "command_timeout": {"type": "int", "default": 120},
    "window_timeout": {"type": "int", "default": 300},
    "reboot_timeout": {"type": "int", "default": 2700},
}
"""The options that decide how a run goes; timeouts in seconds."""

POLICY_SPEC: dict[str, dict[str, Any]] = {**PLAN_SPEC, **RUN_SPEC}
"""All options of the policy as an Ansible argument spec: the one table that modules, role and documentation share."""

_INT_BOUNDS: dict[str, tuple[int, int]] = {
    "socket_pool_size": (0, POOL_SIZE_MAX),
    "backups_kept": (1, 1_000),
    "command_timeout": (10, 3_600),
    "window_timeout": (60, 3_600),
    "reboot_timeout": (60, 86_400),
}
_KEYS_TO_SEND = {"start_services": "started", "restart_services": "restarted"}
"""The options whose service keys are sent to a host, and what is done with these services."""
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "true or false"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "str": ((str,), "a text"),
    "path": ((str,), "a path"),
    "list": ((list, tuple), "a list"),
    "dict": ((Mapping,), "a mapping"),
}


class PolicyError(ValueError):
    """An invalid policy; the message is one sentence that names the option."""


@dataclass(frozen=True)
class DynamicRange:
    """The option ``dynamic_port_range``.

    Attributes:
        ranges: the range to set, by id of RANGES; an address family without one keeps its range.
        force: the products in spite of which it is set.
    """

    ranges: tuple[tuple[str, Range], ...]
    force: tuple[str, ...]

    def wanted(self, setting_id: str) -> Range | None:
        """Return the range that one address family is to have, None if it keeps its own."""
        return dict(self.ranges).get(setting_id)


@dataclass(frozen=True)
class Policy:
    """The validated policy; the attributes are the options of POLICY_SPEC.

    Attributes:
        extra_ports: a PortSet here.
        ignore_services: lower case here; names of catalogue rows or service keys.
        dynamic_port_range: the ranges by address family here, None to leave them as they are.
        extra_rows: the rows of the option ``catalogue_extra``.
    """

    profiles: tuple[str, ...]
    detect: bool
    extra_ports: PortSet
    ignore_services: tuple[str, ...]
    include_listeners: bool
    extra_rows: tuple[CatalogueRow, ...]
    reserve_unexposed: bool | None
    socket_pool_size: int | None
    allow_small_pool: bool
    dynamic_port_range: DynamicRange | None
    prune: bool
    repair: bool
    use_netsh: bool
    max_risk: float | None
    start_services: tuple[str, ...]
    restart_services: tuple[str, ...]
    reboot: str
    on_failure: str
    restart_group: str | None
    backups_kept: int
    artifacts_dir: str | None
    run_id: str | None
    backup_dir: str | None
    command_timeout: int
    window_timeout: int
    reboot_timeout: int

    @classmethod
    def from_options(cls, options: Mapping[str, Any] | None = None) -> Policy:
        """Validate options and fill in the defaults.

        Args:
            options: any of the options of POLICY_SPEC; null is treated as not given.

        Raises:
            PolicyError: for an unknown option, a wrong type or a value that the policy does not allow.
        """
        values = _checked(options or {})
        _refuse_contradictions(values)
        values["dynamic_port_range"] = _dynamic_range(values["dynamic_port_range"])
        try:
            values["extra_rows"] = rows_from_extra(values.pop("catalogue_extra"))
            values["extra_ports"] = PortSet.from_text(_texts(values, "extra_ports"))
            _refuse_dns_itself(values["extra_ports"], values["extra_rows"])
        except CatalogueError as error:
            raise PolicyError(str(error)) from error
        except PortError as error:
            raise PolicyError(f"extra_ports: {error}") from error
        for name in ("profiles", "ignore_services", *_KEYS_TO_SEND):
            values[name] = tuple(_texts(values, name))
        values["ignore_services"] = tuple(sorted({name.lower() for name in values["ignore_services"]}))
        _check_services(values)
        return cls(**values)

    @property
    def extra_services(self) -> list[str]:
        """Service keys that the policy names in addition to the catalogue."""
        own = {key for row in self.extra_rows for key in row.service_keys}
        return sorted({*own, *self.start_services, *self.restart_services})

    @property
    def watched_ports(self) -> PortSet:
        """The ports that the policy names in addition to the catalogue. Their holders must be in the facts."""
        if self.include_listeners:
            return PortSet.from_ranges([(LOWEST_PORT, HIGHEST_PORT)])
        of_rows = (ports for row in self.extra_rows for ports in (row.ports, row.udp_ports))
        return PortSet.union((self.extra_ports, *of_rows))

    def reserves_unexposed(self, family: str) -> bool:
        """Return whether needed ports outside the pool's range are reserved too; by default on NT5 only."""
        return family == "nt5" if self.reserve_unexposed is None else self.reserve_unexposed


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(str(name) for name in options if name not in POLICY_SPEC)
    if unknown:
        raise PolicyError(f"the policy has no option {unknown[0]!r}; known are {', '.join(sorted(POLICY_SPEC))}")
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        _check_value(name, value)
    return {name: given.get(name, row.get("default")) for name, row in POLICY_SPEC.items()}


def _check_value(name: str, value: object) -> None:
    row = POLICY_SPEC[name]
    types, title = _KINDS[row["type"]]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise PolicyError(f"{name} must be {title}")
    chosen = value if isinstance(value, (list, tuple)) else [value]
    if "choices" in row and any(entry not in row["choices"] for entry in chosen):
        raise PolicyError(f"{name} must be of {', '.join(row['choices'])}")
    if name in _INT_BOUNDS and isinstance(value, int):
        low, high = _INT_BOUNDS[name]
        if not low <= value <= high:
            raise PolicyError(f"{name} must be between {low} and {high}, not {value}")


def _refuse_dns_itself(extra_ports: PortSet, extra_rows: Sequence[CatalogueRow]) -> None:
    """Refuse what would put DNS in conflict with itself."""
    if DNS_PORT in extra_ports:
        raise PolicyError(f"extra_ports: UDP {DNS_PORT} is the port of DNS itself, leave it out of the list")
    for row in extra_rows:
        if row.matches(DNS_SERVICE):
            raise PolicyError(
                f"catalogue_extra: {row.name} names {DNS_SERVICE}, which is always checked; name the services whose"
                " ports it may take"
            )


def _refuse_contradictions(values: Mapping[str, Any]) -> None:
    size = values["socket_pool_size"]
    if size is not None and size < POOL_SIZE_DEFAULT and not values["allow_small_pool"]:
        raise PolicyError(
            f"socket_pool_size {size} is below {POOL_SIZE_DEFAULT} and weakens the protection against cache poisoning:"
            " set allow_small_pool to allow it"
        )
    if values["prune"] and not values["detect"]:
        raise PolicyError("prune needs detect: without detection it is not known which reservations are still needed")
    if values["restart_services"] and not values["detect"]:
        raise PolicyError(
            "restart_services needs detect: without detection it is not known which services run without their ports"
        )
    risk = values["max_risk"]
    if risk is not None and not 0 <= risk <= 1:
        raise PolicyError(f"max_risk must be between 0 and 1, not {risk}")


def _dynamic_range(option: Mapping[str, Any] | None) -> DynamicRange | None:
    """Check the option ``dynamic_port_range``. Ansible gives null for what a user leaves out."""
    if option is None:
        return None
    given = {name: value for name, value in option.items() if value is not None}
    unknown = sorted(str(name) for name in given if name not in _DYNAMIC_OPTIONS)
    if unknown:
        raise PolicyError(f"dynamic_port_range has no option {unknown[0]!r}; known are {', '.join(_DYNAMIC_OPTIONS)}")
    force = given.pop("force", [])
    if not isinstance(force, (list, tuple)) or any(name not in FORCES for name in force):
        raise PolicyError(f"dynamic_port_range.force must be a list of {', '.join(FORCES)}")
    families = {name: given.pop(name) for name in NETSH.values() if name in given}
    both = _bounds("dynamic_port_range", given) if given else None
    ranges: list[tuple[str, Range]] = []
    for setting_id, family in zip(RANGES, NETSH.values(), strict=True):
        found = _bounds(f"dynamic_port_range.{family}", families[family]) if family in families else both
        if found:
            ranges.append((setting_id, found))
    if not ranges:
        raise PolicyError("dynamic_port_range must name a range: start and count, or one below ipv4 or ipv6")
    return DynamicRange(tuple(ranges), tuple(force))


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _bounds(where: str, option: object) -> Range:
    """Return first and last port of a range with start and count, within the limits of Windows."""
    found = dict(option) if isinstance(option, Mapping) else {}
    start, count = found.pop("start", None), found.pop("count", None)
    if found or not (_is_number(start) and _is_number(count)):
        raise PolicyError(f"{where} needs start and count, both whole numbers, and nothing else")
    start, count = int(start), int(count)
    if start < LOWEST_DYNAMIC_PORT or count < LEAST_DYNAMIC_PORTS or start + count - 1 > HIGHEST_PORT:
        raise PolicyError(
            f"{where}: Windows takes a start of at least {LOWEST_DYNAMIC_PORT}, a count of at least"
            f" {LEAST_DYNAMIC_PORTS} and an end of at most {HIGHEST_PORT}, not {start} and {count}"
        )
    return start, start + count - 1


def _texts(values: Mapping[str, Any], name: str) -> list[str]:
    texts = [port_text(entry) for entry in values[name]]
    if not all(isinstance(text, str) for text in texts):
        raise PolicyError(f"{name} must be a list of texts")
    return texts


def _check_services(values: Mapping[str, Any]) -> None:
    for service in values["ignore_services"]:
        if not ANY_SERVICE_NAME_RE.match(service):
            raise PolicyError(f"ignore_services: {service!r} is not a service key")
    for option, verb in _KEYS_TO_SEND.items():
        _check_keys(option, verb, values[option])
    for service in values["restart_services"]:
        if service.lower() == DNS_SERVICE.lower():
            raise PolicyError("restart_services: every window restarts DNS; name the services that run without a port")
        if service.lower() in values["ignore_services"]:
            raise PolicyError(f"restart_services: {service} is named in ignore_services, too")


def _check_keys(option: str, verb: str, services: Sequence[str]) -> None:
    for service in services:
        if not SERVICE_NAME_RE.match(service):
            allowed = "letters, digits, spaces and _ . $ -"
            raise PolicyError(f"{option}: {service!r} is not a service key of {allowed}")
    for service in services:
        if may_never_start(service):
            raise PolicyError(f"{option}: {service} is a cluster, ISA or Exchange service, which is never {verb} by us")
