# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure drift.yml on a large fleet in slices, and the one evaluation of all of them.

The slices run one after the other, as each would on a controller of its own. They contact the same replayed hosts under
other names; between slices and evaluation their artifacts are told apart, so that they are of as many machines.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from controller import BIN, WORK, Controller, Cost
from hosts import Hosts

HOSTS, SLICES = 10_000, 10
FORKS = 50
DRIFT = "portkeeper.windows_dns.drift"
RUN = "night"


def slice_figures(controller: Controller, hosts: int = HOSTS) -> dict[str, Any]:
    """Return what the slices and the evaluation take."""
    folder, each = WORK / "sliced", max(1, hosts // SLICES)
    shutil.rmtree(folder, ignore_errors=True)
    with Hosts(["nt6"], each, "winrm3") as fleet:
        fleet.control(op="rewind", to_end=True)
        inventories = [fleet.inventory(each, first=number * each) for number in range(SLICES)]
        slices = [_drift(controller, folder, inventory, "-e", "drift_slice=true") for inventory in inventories]
    names = [path.stem for path in (folder / RUN).iterdir()]
    if len(names) != each * SLICES:
        raise SystemExit(f"The slices left {len(names)} artifacts, not {each * SLICES}.")
    for name in names:
        _tell_apart(folder / RUN / f"{name}.json")
    everybody = WORK / "inventory-all.json"
    everybody.write_text(json.dumps({"all": {"hosts": dict.fromkeys(sorted(names))}}), encoding="utf-8")
    judge, seen = (
        _drift(controller, folder, everybody, "--tags", "report", "-e", "drift_show=false", sample=sample)
        for sample in (False, True)
    )
    return {
        "hosts": len(names),
        "slices": [{"cpu_s": cost.cpu, "wall_s": cost.wall} for cost in slices],
        "judge": {"cpu_s": judge.cpu, "wall_s": judge.wall, "memory_mb": seen.memory / 2**20},
        "artifacts_mb": sum(path.stat().st_size for path in (folder / RUN).iterdir()) / 1e6,
    }


def slice_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a table for docs/large_fleets.md."""
    slices, judge = found["slices"], found["judge"]
    wall, cpu = (sorted(each[name] for each in slices) for name in ("wall_s", "cpu_s"))
    yield from ("", f"drift.yml on {found['hosts']:,} hosts in {len(slices)} slices, evaluated once:", "")
    yield from ("| | wall s | CPU s | MB of memory |", "|---|---|---|---|")
    each = found["hosts"] // len(slices)
    yield f"| a slice of {each:,} | {wall[0]:.0f} to {wall[-1]:.0f} | {cpu[0]:.0f} to {cpu[-1]:.0f} | |"
    yield f"| the evaluation | {judge['wall_s']:.0f} | {judge['cpu_s']:.0f} | {judge['memory_mb']:.0f} |"


def _drift(controller: Controller, folder: Path, inventory: Path, *options: str, sample: bool = False) -> Cost:
    own = ("-e", json.dumps({"reserve_ports_artifacts_dir": str(folder), "reserve_ports_run_id": RUN}))
    command = [BIN / "ansible-playbook", DRIFT, "-i", inventory, "-f", str(FORKS), *own, *options]
    cost = controller.run(command, sample=sample)
    if cost.code:
        raise SystemExit(f"drift.yml ended with {cost.code}:\n{cost.output[-3000:]}")
    return cost


def _tell_apart(path: Path) -> None:
    """Make the artifact one of a machine of its own."""
    artifact = json.loads(path.read_text(encoding="utf-8"))
    machine = hashlib.sha256(path.stem.encode()).hexdigest()[:32]
    facts = artifact["facts"]
    facts["computer_name"] = path.stem.upper()
    facts["machine"] = {"id": machine, "recorded_name": facts["computer_name"]}
    path.write_text(json.dumps({**artifact, "machine_id": machine}), encoding="utf-8")
