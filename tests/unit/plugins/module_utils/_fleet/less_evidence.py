# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts in every status, and every part of their evidence removed, blanked or garbled."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import build
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import judge
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.port_plan import PortPlanError, plan_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    applied,
    block,
    conflict_facts,
    facts,
    number,
    ranges,
    rebooted,
    recorded,
    server_2019,
    service,
    socket,
    with_dns,
    without_process,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.later_hosts import (
    EXCHANGE_RANGE,
    host,
    host_2008,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import verify

Path = tuple[Any, ...]
"""Keys of mappings and indices of lists, outermost first."""
NIGHT = "2026-01-02T02:00:00Z"


@dataclass(frozen=True)
class Known:
    """What is known of one host, and the policy that it is judged by."""

    name: str
    facts: dict[str, Any]
    options: dict[str, Any]

    @cached_property
    def policy(self) -> Policy:
        """The checked policy."""
        return Policy.from_options(self.options)


@dataclass(frozen=True)
class Loss:
    """One thing that is lost.

    Attributes:
        path: where.
        how: ``taken`` away, ``null``, ``blank`` or ``garbled``.
        row: whether what is left is well formed: a row less, or a list without rows.
        value: what stands there instead.
    """

    path: Path
    how: str
    row: bool
    value: Any = None

    def of(self, whole: Any) -> Any:
        """Return the facts without it; only what lies on the path is copied."""
        return _without(whole, self.path, self)


def _without(part: Any, path: Path, loss: Loss) -> Any:
    first, rest = path[0], path[1:]
    if isinstance(part, dict):
        if not rest and loss.how == "taken":
            return {key: value for key, value in part.items() if key != first}
        if first not in part:
            return part
        return {**part, first: _without(part[first], rest, loss) if rest else copy.deepcopy(loss.value)}
    if not isinstance(part, list) or not isinstance(first, int) or first >= len(part):
        return part
    middle = [] if not rest and loss.how == "taken" else [_without(part[first], rest, loss) if rest else loss.value]
    return [*part[:first], *middle, *part[first + 1 :]]


def losses(part: Any, path: Path = ()) -> Iterator[Loss]:
    """Everything that can be lost of the facts, from the whole parts down to single fields."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in inside:
        here = (*path, key)
        is_row = isinstance(part, list) or here[:-1] in {("services",), ("state", "settings")}
        yield Loss(here, "taken", is_row)
        if value is not None:
            yield Loss(here, "null", False)
        for garbage in _garbage(value):
            if garbage != value:
                yield Loss(here, "blank" if garbage in ({}, [], "") else "garbled", garbage in ({}, []), garbage)
        yield from losses(value, here)


def _garbage(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return ("?", -1)
    if isinstance(value, int):
        return ("", "?", -1, 1 << 40)
    if isinstance(value, str):
        return ("", "?\x00?", -1)
    if value is None:
        return ("?", -1)
    return (type(value)(), "?", -1)


def outcome(known: Known, found: Any) -> tuple[int, str, bool]:
    """Exit code of the gate, status, and whether ``port_verify`` is content; facts that are refused are unknown."""
    try:
        plan = plan_of(found, known.policy).to_json()
        content = verify(found, known.policy)["ok"]
    except PortPlanError:
        return 2, "unknown", False
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return 2, "unknown", False
    result = {"changed": not plan["in_sync"], "msg": "", "problems": [*_problems(found), *plan["problems"]]}
    artifact = build("a", found, plan, result, "night", NIGHT, check_mode=True)
    verdict = judge(["a"], {"a": artifact})
    return verdict.exit_code, str(artifact["status"]), bool(content)


def _problems(found: Any) -> list[Any]:
    problems = found.get("problems")
    return problems if isinstance(problems, list) else []


def _wait_until_up(made: dict[str, Any], **options: Any) -> Known:
    """Return the host after everything was written and the server was booted."""
    policy = Policy.from_options(options)
    written = applied(made, make_plan(made, policy))
    found = rebooted(written)
    found["dns"]["udp_ports"] = {"udp4": ["53-53"], "udp6": ["53-53"] if made["dynamic_ports"]["udp6"] else []}
    return Known("safe", found, options)


def safe_hosts() -> list[Known]:
    """Hosts that are in order, one for each family of releases at least."""
    extra = {"extra_ports": ["50600"]}
    lowered = server_2019(dynamic_ports={"udp4": EXCHANGE_RANGE, "udp6": EXCHANGE_RANGE})
    found = [
        _wait_until_up(facts()),
        _wait_until_up(facts(), profiles=[]),
        _wait_until_up(server_2019(), **extra),
        _wait_until_up(lowered),
        _wait_until_up(server_2019(), use_netsh=True, **extra),
    ]
    return [replace(known, name=f"safe {at}") for at, known in enumerate(found)]


def _safe(change: Any, at: int = 0) -> Known:
    known = safe_hosts()[at]
    made = copy.deepcopy(known.facts)
    change(made)
    return replace(known, facts=made)


def hosts() -> list[Known]:
    """Hosts that are not in order: some for each status and for each way to it."""
    extra = {"extra_ports": ["50600"]}
    return [
        *_conflicts(),
        *_down(),
        Known("drifted sbs", facts(), {}),
        Known("drifted 2019", server_2019(), extra),
        Known("drifted sql", _with_sql(), {"profiles": []}),
        Known("drifted listener", _with_listener(), {"include_listeners": True, "profiles": []}),
        Known("drifted wrong type", facts(settings={"reserved_ports": ranges("1-2", registry_type="REG_SZ")}), {}),
        Known("drifted extra row", _with_row(), {"catalogue_extra": [ROW], "profiles": []}),
        Known("refused window", _disabled_dns(), extra),
        Known("pending reboot", applied(facts(), make_plan(facts(), Policy.from_options())), {}),
        Known("pending restart", applied(server_2019(), make_plan(server_2019(), Policy.from_options(extra))), extra),
        Known("exposed", _exposed(), {"use_netsh": True}),
        Known("exposed pool", _large_pool(), {"max_risk": 0.2, "detect": True}),
        Known("unknown range", server_2019(dynamic_ports={"udp4": None, "udp6": None}), {}),
        Known("unknown holder", _unnamed(), {}),
        Known("unknown reading", _with_error(), {}),
        Known("unknown file", _windows_2000(), {}),
        Known("block", _blocked(), {}),
        Known("2008", host_2008(), {"profiles": []}),
        Known("moved nps", _moved_nps("1645-1645"), {}),
        Known("moved nps in the range", {**_moved_nps(), "dynamic_ports": LOW_RANGES}, {}),
    ]


ROW = {"name": "agent", "services": ["Agent"], "ports": ["55555"]}


def _conflicts() -> list[Known]:
    by_other = facts(
        services={"PolicyAgent": service(1, 2, None, 10048)},
        udp_endpoints=[socket(4500, 99, "vpn.exe"), socket(500, 99, "vpn.exe")],
        udp_ports={"udp4": ["500-500", "4500-4500"], "udp6": []},
    )
    triggered = server_2019(dns={"udp_ports": {"udp4": ["53-53", "4500-4500"], "udp6": ["53-53"]}})
    triggered["services"]["IKEEXT"] = service(1, 3, None, 1077, trigger=True)

    def docker(made: dict[str, Any]) -> None:
        made["dns"]["udp_ports"] = {"udp4": ["50000-50002"], "udp6": []}
        made["udp_endpoints"].append(socket(53, 77, "docker.exe"))
        made["udp_ports"]["udp4"].insert(0, "53-53")

    def named(made: dict[str, Any]) -> None:
        made["dns"]["udp_ports"]["udp4"] = ["53-53", "50600-50600"]

    return [
        Known("conflict dns", conflict_facts(), {}),
        Known("conflict other", by_other, {}),
        Known("conflict triggered", triggered, {}),
        replace(_safe(docker, 2), name="conflict 53"),
        replace(_safe(named, 2), name="conflict user"),
    ]


def _down() -> list[Known]:
    def state(number_of_state: int, exit_code: int = 0) -> Any:
        def change(made: dict[str, Any]) -> None:
            made["dns"]["state"] = number_of_state
            with_dns(made)["services"]["DNS"]["win32_exit_code"] = exit_code

        return change

    def stopped(made: dict[str, Any]) -> None:
        without_process(made)

    def before(made: dict[str, Any]) -> None:
        without_process(made, start=3)
        made["state"]["settings"].update(recorded({"ran_before": "DNS"}, BOOT_MARK)["settings"])

    def dependent(made: dict[str, Any]) -> None:
        made["services"]["Netlogon"] = service(1, 4, None, 0)
        made["state"]["settings"].update(recorded({"ran_before": "DNS,Netlogon"}, BOOT_MARK)["settings"])

    def never_started(made: dict[str, Any]) -> None:
        _stopped(made, "IAS", service(1, 2, None, 1077))

    def failed(made: dict[str, Any]) -> None:
        _stopped(made, "IAS", service(1, 2, None, 5))

    def unheld(made: dict[str, Any]) -> None:
        kept = made["services"]["IAS"]
        _stopped(made, "IAS", kept)

    changes = {
        "paused": state(7),
        "starting": state(2),
        "stopped": stopped,
        "before": before,
        "dependent": dependent,
        "never started": never_started,
        "failed": failed,
        "unheld": unheld,
    }
    return [
        replace(_safe(change, at), name=f"down {name} {at}")
        for name, change in changes.items()
        for at in ((0, 2) if name not in ("never started", "failed", "unheld") else (0,))
    ]


def _stopped(made: dict[str, Any], name: str, found: dict[str, Any]) -> None:
    pid = made["services"][name]["pid"]
    made["services"][name] = found
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["pid"] != pid]
    made["udp_ports"]["udp4"] = [f"{row['port']}-{row['port']}" for row in made["udp_endpoints"]]


def _with_sql() -> dict[str, Any]:
    made = _wait_until_up(facts(), profiles=[]).facts
    made["services"]["MSSQL$A"] = service(pid=70)
    made["sql_ports"] = ["1533-1533"]
    return made


def _with_listener() -> dict[str, Any]:
    made = _wait_until_up(facts(), profiles=[]).facts
    made["udp_endpoints"].append(socket(7777, 71, "agent.exe"))
    made["udp_ports"]["udp4"].append("7777-7777")
    return made


def _with_row() -> dict[str, Any]:
    made = _wait_until_up(facts(), profiles=[]).facts
    made["services"]["Agent"] = service(pid=72)
    made["udp_endpoints"].append(socket(55555, 72, "agent.exe"))
    made["udp_ports"]["udp4"].append("55555-55555")
    return made


def _disabled_dns() -> dict[str, Any]:
    made = server_2019()
    made["services"]["DNS"]["start"] = 4
    return applied(made, make_plan(made, Policy.from_options({"extra_ports": ["50600"]})))


def _exposed() -> dict[str, Any]:
    agent = service(pid=18)
    return host(
        "2008",
        6002,
        "6.0",
        "nt6",
        services={"BESClient": agent},
        udp_endpoints=[socket(52311, 18, "BESClient.exe"), socket(52311, 18, "BESClient.exe", "::")],
        udp_ports={"udp4": ["52311-52311"], "udp6": ["52311-52311"]},
    )


def _large_pool() -> dict[str, Any]:
    made = _exposed()
    made["settings"]["socket_pool_size"] = number(10000)
    return made


def _unnamed() -> dict[str, Any]:
    made = safe_hosts()[0].facts
    made["udp_endpoints"] = [{**row, "pid": None, "process": None} for row in made["udp_endpoints"]]
    return made


def _with_error() -> dict[str, Any]:
    made = safe_hosts()[0].facts
    made["problems"] = [{"id": "duplicate_section", "severity": "error", "message": "It is there twice.", "data": {}}]
    return made


def _windows_2000() -> dict[str, Any]:
    """DNS's sockets are among the others, and nobody holds port 53."""
    made = _unnamed()
    made["os"].update(release="2000", nt="5.0")
    made["dns"]["udp_ports"] = None
    return made


def _blocked() -> dict[str, Any]:
    """Return a triggered service whose port Windows itself has excluded."""
    made = server_2019(exclusions={"udp4": block("4000-4999"), "udp6": []})
    made["services"]["IKEEXT"] = service(1, 3, None, 1077, trigger=True)
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["port"] not in (500, 4500)]
    made["udp_ports"]["udp4"] = ["1645-1646", "1812-1813"]
    return made


LOW_RANGES = {family: {"start": 1025, "count": 64510} for family in ("udp4", "udp6")}


def _moved_nps(*on_dns: str) -> dict[str, Any]:
    """Return an NPS that its own sockets show on other ports than the catalogue's; DNS holds some of those."""
    pool = ["53-53", "60000-62499"]
    made = server_2019(dns={"udp_ports": {"udp4": [*pool, *on_dns], "udp6": pool}})
    made["services"]["IAS"] = service(pid=900)
    kept = [row for row in made["udp_endpoints"] if row["port"] in (500, 4500)]
    made["udp_endpoints"] = [*kept, *(socket(port, 900, "svchost.exe") for port in (18120, 18130))]
    made["udp_ports"]["udp4"] = ["500-500", "4500-4500", "18120-18120", "18130-18130"]
    return {**made, "own_sockets": {"IAS": {"ports": ["18120-18120", "18130-18130"], "doubtful": []}}}


def pairs(found: list[Loss], count: int, seed: int) -> Iterator[tuple[Loss, Loss]]:
    """Pairs of losses at different places; at most one of a pair leaves something that is well formed."""
    rng = random.Random(seed)
    made = 0
    while made < count:
        first, second = rng.choice(found), rng.choice(found)
        nested = first.path[: len(second.path)] == second.path or second.path[: len(first.path)] == first.path
        if nested or (first.row and second.row):
            continue
        made += 1
        # Of one list the later place goes first, or the other place would be another row.
        yield (first, second) if str(first.path) > str(second.path) else (second, first)
