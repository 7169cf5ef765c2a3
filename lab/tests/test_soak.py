# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random draws of the DNS stand-in, with really bound sockets, agree with the computed risk.

The risk is computed here from the formula and not by the collection, and the draw is separate C code: all three agree.
PORTKEEPER_SOAK_DRAWS sets how many draws each of the four great series has (default 50, half a second each).
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portkeeper_lab.scenario import LAB_KEY, SERVICES_KEY

if TYPE_CHECKING:
    from portkeeper_lab.tool_fixture import ToolHost, Value

pytest_plugins = ["portkeeper_lab.tool_fixture"]

THIS = Path(__file__)
SOURCES = THIS.parent.parent / "csrc"
TCPIP = f"{SERVICES_KEY}\\Tcpip\\Parameters"
POOL = 2500
OTHER_SOCKETS = 2
"""DNS's own port 53, over UDP and over TCP."""
IPSEC = 4500
ALPHA = 1e-6
DRAWS = int(os.environ.get("PORTKEEPER_SOAK_DRAWS", "50"))
FEW = 20
"""Draws of a short series: at 62.9 % none of them hits with a chance of 2.4E-9, well below ALPHA."""
RANGES = {5000: range(1024, 5001), 65534: range(1024, 65535)}
"""MaxUserPort -> what an NT5 server draws from."""

OLD = ["3343-3343"]
MERGED = [
    "1080-1080", "1433-1434", "1645-1646", "1701-1701", "1718-1720", "1745-1745", "1801-1801", "1812-1813",
    "2883-2883", "3343-3343", "3500-3619", "4070-4071", "4500-4500",
]  # fmt: skip
"""The list that was recommended for SBS 2003, as ranges that are merged."""
SPLIT = ["3343-3343", "4499-4499", "4500-4500"]
"""IPsec's port, but entered beside its neighbour: KB812873 says that such ranges are not correctly reserved."""
NEEDED = [1434, 1645, 1646, 1701, 1718, 1719, 1745, 1801, 1812, 1813, 2883, 3343, 4070, 4071, 4500]


def risk(population: int, needed: int, pool: int = POOL) -> float:
    """Return the chance that a draw of `pool` ports out of `population` hits at least one of `needed`."""
    return 1 - comb(population - needed, pool) / comb(population, pool)


def improbable(hits: int, draws: int, chance: float) -> bool:
    """Return whether a two-sided exact binomial test at ALPHA rejects the chance."""
    terms = [comb(draws, i) * chance**i * (1 - chance) ** (draws - i) for i in range(draws + 1)]
    return min(sum(terms[: hits + 1]), sum(terms[hits:])) < ALPHA / 2


def ports_of(entries: list[str]) -> set[int]:
    """Return the ports of canonical entries."""
    pairs = [entry.split("-") for entry in entries]
    return {port for low, high in pairs for port in range(int(low), int(high) + 1)}


@dataclass
class Soak:
    """Draws on a host; `seed` moves on with every series so that no draw is made twice."""

    host: ToolHost
    seed: int
    draws: int = 0
    report: list[str] = field(default_factory=list)

    def configure(self, changes: dict[tuple[str, str], Value]) -> None:
        """Write registry values."""
        result = self.host.run(self.host.configuration(changes))
        assert result.code == 0, result

    def boot_with(self, reserved: list[str]) -> None:
        """Reserves, reboots and stops everything that could hold a port: what is left is chance."""
        self.configure({(TCPIP, "ReservedPorts"): reserved, (LAB_KEY, "DrawFirst"): None})
        self.host.host.reboot()
        self.host.run("net stop DNS /y & net stop IAS & net stop PolicyAgent")
        assert self.host.udp() == {}

    def series(self, max_user_port: int, draws: int) -> list[set[int]]:
        """Draws so often; returns for each the needed ports that it took."""
        self.configure({(TCPIP, "MaxUserPort"): max_user_port})
        watched = " ".join(map(str, NEEDED))
        result = self.host.run(f"dns.exe rehearse DNS {draws} {self.seed} {watched}", timeout=600.0)
        assert (result.code, result.err) == (0, "")
        rows = [[int(word) for word in line.split()] for line in result.out.splitlines()]
        assert [row[0] for row in rows] == [POOL + OTHER_SOCKETS] * draws
        self.seed += draws
        self.draws += draws
        return [set(row[1:]) for row in rows]

    def deviations(self, title: str, max_user_port: int, draws: int, reserved: list[str]) -> list[str]:
        """Compare a series with what must come out while `reserved` is what protects; [] when all is as it must be."""
        taken = self.series(max_user_port, draws)
        span = RANGES[max_user_port]
        protected = ports_of(reserved)
        wrong = [f"{title}: {port} is reserved and was taken" for port in sorted(set().union(*taken) & protected)]
        population = len(set(span) - protected)
        for name, needed in (("IPsec", {IPSEC}), ("any service", set(NEEDED))):
            exposed = (needed & set(span)) - protected
            hits = sum(bool(ports & needed) for ports in taken)
            chance = risk(population, len(exposed)) if exposed else 0.0
            line = f"{title}, MaxUserPort {max_user_port}: {name} hit in {hits} of {draws} draws, computed {chance:.2%}"
            self.report.append(line)
            if improbable(hits, draws, chance):
                wrong.append(line)
        return wrong

    def check_written(self) -> list[str]:
        """Only written, without a reboot: nothing may be protected yet."""
        self.boot_with(OLD)
        self.configure({(TCPIP, "ReservedPorts"): MERGED})
        return self.deviations("written only", 5000, FEW, OLD)

    def check_split(self) -> list[str]:
        """Split neighbours, after a reboot: not protected."""
        self.boot_with(SPLIT)
        return self.deviations("split ranges", 5000, FEW, OLD)

    def check_free(self, max_user_port: int) -> list[str]:
        """Without reservations the shares are what the formula says."""
        self.boot_with(OLD)
        return self.deviations("not reserved", max_user_port, DRAWS, OLD)

    def check_effective(self, max_user_port: int) -> list[str]:
        """With effective reservations nothing that is needed is taken."""
        self.boot_with(MERGED)
        return self.deviations("reserved", max_user_port, DRAWS, MERGED)


@pytest.fixture
def soak(tool_host: ToolHost) -> Iterator[Soak]:
    """A soak with a fresh seed; the host is restored afterwards."""
    made = Soak(tool_host, secrets.randbelow(2**31))
    print(f"\nsoak: seed {made.seed}")
    yield made
    print("\n".join([*made.report, f"{made.draws} draws of {POOL} sockets each"]))
    fresh = {**tool_host.draw_defaults, (f"{SERVICES_KEY}\\DNS\\Parameters", "SocketPoolSize"): None}
    made.configure(fresh)
    tool_host.host.reboot()


SERIES: dict[str, tuple[Callable[[Soak], list[str]], int]] = {
    **{f"free {top}": (partial(Soak.check_free, max_user_port=top), DRAWS) for top in RANGES},
    **{f"effective {top}": (partial(Soak.check_effective, max_user_port=top), DRAWS) for top in RANGES},
    "written only": (Soak.check_written, FEW),
    "split ranges": (Soak.check_split, FEW),
}
"""Each with its number of draws; a separate test each, because together they would occupy one process for minutes."""


@pytest.mark.parametrize("name", SERIES)
def test_soak(name: str, soak: Soak, record_property: Callable[[str, object], None]) -> None:
    check, draws = SERIES[name]
    wrong = check(soak)
    record_property("draws", soak.draws)
    record_property(f"soak, {name}", f"seed {soak.seed}; {'; '.join(soak.report)}")
    assert soak.draws == draws
    assert wrong == []


@pytest.mark.parametrize(
    ("mutant", "check"),
    [("reservation_without_reboot", Soak.check_written), ("split_ranges_honoured", Soak.check_split)],
)
def test_soak_detects_the_mutants(soak: Soak, mutant: str, check: Callable[[Soak], list[str]]) -> None:
    soak.configure({(LAB_KEY, "Mutant"): mutant})
    wrong = check(soak)
    assert any("IPsec hit in 0 of" in line for line in wrong), wrong


def test_a_rehearsal_draws_what_the_service_draws(soak: Soak) -> None:
    watched = range(1024, 1624)
    soak.host.run("net stop DNS /y & net stop IAS & net stop PolicyAgent")
    soak.configure({(LAB_KEY, "DrawFirst"): None, (LAB_KEY, "DrawSeed"): soak.seed})
    line = soak.host.run(f"dns.exe rehearse DNS 1 {soak.seed} {' '.join(map(str, watched))}").out
    drawn = set(map(int, line.split()[1:]))
    assert drawn
    assert drawn == {port for port in soak.host.dns_ports(before="net start DNS") if port in watched}


def test_a_rehearsal_fails_while_the_service_runs(tool_host: ToolHost) -> None:
    assert tool_host.run("dns.exe rehearse DNS 1 0").code == 10048
    assert tool_host.run("dns.exe rehearse").code == 1


def test_the_formula_gives_the_published_figures() -> None:
    figures = [(60000 - 1023, 1, 4.24), (65534 - 1023, 1, 3.88), (5000 - 1023, 1, 62.9), (65536 - 49152, 1, 15.26)]
    for population, needed, percent in figures:
        assert 100 * risk(population, needed) == pytest.approx(percent, abs=0.05 if percent == 62.9 else 0.005)
    assert risk(65534 - 1023, 15) == pytest.approx(0.447, abs=5e-4)


def test_the_draw_knows_nothing_of_the_collection() -> None:
    for name in tomllib.loads((SOURCES / "programs.toml").read_text(encoding="utf-8"))["pkservice"]["sources"]:
        text = (SOURCES / name).read_text(encoding="utf-8")
        assert "plugins" not in text
        for header in re.findall(r'#include "([^"]+)"', text):
            assert (SOURCES / header).is_file()
    assert "plugins" not in "".join(re.findall(r"^(?:from|import) .*", THIS.read_text(encoding="utf-8"), re.MULTILINE))
