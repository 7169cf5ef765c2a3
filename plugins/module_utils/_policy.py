# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy: one table of options for all modules and the role, and the validated, immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from ._catalogue.row import (
    HOLDERS,
    HOLDS,
    PROTOCOLS,
    SERVICE_NAME_RE,
    CatalogueError,
    CatalogueRow,
    may_never_start,
    port_text,
)
from ._catalogue.sbs2003 import PROFILES, rows_from_extra
from ._ports import (
    HIGHEST_PORT,
    LOWEST_PORT,
    PortError,
    PortSet,
)

AUTO_PROFILE = "auto"
POOL_SIZE_MAX = 10_000
"""Highest documented SocketPoolSize (Microsoft's documentation of dnscmd /config /SocketPoolSize: 0 to 10000)."""
POOL_SIZE_DEFAULT = 2_500
"""What DNS uses when SocketPoolSize is absent (KB953230)."""

_EXTRA_OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "title": {"type": "str"},
    "services": {"type": "list", "elements": "str", "required": True},
    "ports": {"type": "list", "elements": "str", "required": True},
    "protocol": {"type": "str", "default": "udp", "choices": list(PROTOCOLS)},
    "hold": {"type": "str", "default": "when_running", "choices": list(HOLDS)},
    "holder": {"type": "str", "default": "service_pid", "choices": list(HOLDERS)},
    "start_while_dns_down": {"type": "bool", "default": False},
}

PLAN_SPEC: dict[str, dict[str, Any]] = {
    "profiles": {
        "type": "list",
        "elements": "str",
        "default": [AUTO_PROFILE],
        "choices": [AUTO_PROFILE, *PROFILES],
    },
    "detect": {"type": "bool", "default": True},
    "extra_ports": {"type": "list", "elements": "str", "default": []},
    "ignore_services": {"type": "list", "elements": "str", "default": []},
    "include_listeners": {"type": "bool", "default": False},
    "catalogue_extra": {"type": "list", "elements": "dict", "default": [], "options": _EXTRA_OPTIONS},
    "reserve_unexposed": {"type": "bool"},
    "socket_pool_size": {"type": "int"},
    "allow_small_pool": {"type": "bool", "default": False},
    "prune": {"type": "bool", "default": False},
    "repair": {"type": "bool", "default": False},
    "use_netsh": {"type": "bool", "default": False},
    "max_risk": {"type": "float"},
    "start_services": {"type": "list", "elements": "str", "default": []},
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
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "true or false"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "str": ((str,), "a text"),
    "path": ((str,), "a path"),
    "list": ((list, tuple), "a list"),
}


class PolicyError(ValueError):
    """An invalid policy; the message is one sentence that names the option."""


@dataclass(frozen=True)
class Policy:
    """The validated policy; the attributes are the options of POLICY_SPEC.

    Attributes:
        extra_ports: a PortSet here.
        ignore_services: lower case here; names of catalogue rows or service keys.
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
    prune: bool
    repair: bool
    use_netsh: bool
    max_risk: float | None
    start_services: tuple[str, ...]
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
        try:
            values["extra_rows"] = rows_from_extra(values.pop("catalogue_extra"))
            values["extra_ports"] = PortSet.from_text(_texts(values, "extra_ports"))
        except CatalogueError as error:
            raise PolicyError(str(error)) from error
        except PortError as error:
            raise PolicyError(f"extra_ports: {error}") from error
        for name in ("profiles", "ignore_services", "start_services"):
            values[name] = tuple(_texts(values, name))
        values["ignore_services"] = tuple(sorted({name.lower() for name in values["ignore_services"]}))
        _check_services(values)
        return cls(**values)

    @property
    def extra_services(self) -> list[str]:
        """Service keys that the policy names in addition to the catalogue."""
        return sorted({key for row in self.extra_rows for key in row.service_keys} | set(self.start_services))

    @property
    def watched_ports(self) -> PortSet:
        """The ports that the policy names in addition to the catalogue. Their holders must be in the facts."""
        if self.include_listeners:
            return PortSet.from_ranges([(LOWEST_PORT, HIGHEST_PORT)])
        return reduce(lambda ports, row: ports | row.ports | row.udp_ports, self.extra_rows, self.extra_ports)

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
            raise PolicyError(f"{name} must lie between {low} and {high}, not be {value}")


def _refuse_contradictions(values: Mapping[str, Any]) -> None:
    size = values["socket_pool_size"]
    if size is not None and size < POOL_SIZE_DEFAULT and not values["allow_small_pool"]:
        raise PolicyError(
            f"socket_pool_size {size} is below {POOL_SIZE_DEFAULT} and weakens the protection against cache poisoning:"
            " set allow_small_pool to allow it"
        )
    if values["prune"] and not values["detect"]:
        raise PolicyError("prune needs detect: without detection it is not known which reservations are still needed")
    risk = values["max_risk"]
    if risk is not None and not 0 <= risk <= 1:
        raise PolicyError(f"max_risk must lie between 0 and 1, not be {risk}")


def _texts(values: Mapping[str, Any], name: str) -> list[str]:
    texts = [port_text(entry) for entry in values[name]]
    if not all(isinstance(text, str) for text in texts):
        raise PolicyError(f"{name} must be a list of texts")
    return texts


def _check_services(values: Mapping[str, Any]) -> None:
    for name in ("ignore_services", "start_services"):
        for service in values[name]:
            if not SERVICE_NAME_RE.match(service):
                raise PolicyError(f"{name}: {service!r} is not a service key of letters, digits, spaces and _ . $ -")
    for service in values["start_services"]:
        if may_never_start(service):
            raise PolicyError(
                f"start_services: {service} is a cluster, ISA or Exchange service, which is never started by us"
            )
