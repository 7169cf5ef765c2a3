# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the report on a large fleet in which every host has a conflict: to write it, and to show it in a browser.

The hosts are the two recorded ones in turn, each with a pool of its own, because random ports do not compress.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from controller import CHECKOUT, PLAYS, WORK, Controller
from hosts import RECORDINGS

HOSTS = 10_000
SOCKETS = 2_500
RUN = "0123456789abcdef"
SHOWN_S = 120
"""Seconds to wait for the browser."""


def report_figures(controller: Controller, hosts: int = HOSTS) -> dict[str, Any]:
    """Return what a report on this number of hosts takes: CPU, wall time, memory, sizes, and the browser's time."""
    folder = WORK / "many"
    shutil.rmtree(folder, ignore_errors=True)
    _write_artifacts(folder / "run", hosts)
    inventory = folder / "inventory"
    inventory.write_text("localhost ansible_connection=local\n", encoding="utf-8")
    # Looking at the memory takes time, so it has a run of its own.
    cost, seen = (
        controller.playbook(PLAYS / "report.yml", inventory, "-e", f"folder={folder}", forks=1, sample=sample)
        for sample in (False, True)
    )
    written = sorted((folder / "report").iterdir())
    return {
        "hosts": hosts,
        "cpu_s": cost.cpu,
        "wall_s": cost.wall,
        "memory_mb": seen.memory / 2**20,
        "mb": {path.name: path.stat().st_size / 1e6 for path in written},
        "shown_s": _seconds_to_show(folder / "report" / "report.html"),
    }


def report_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a table for docs/large_fleets.md."""
    yield from ("", f"The report in all formats on {found['hosts']:,} hosts, each with a conflict:", "")
    yield from ("| CPU s | wall s | MB of memory | seconds until a browser shows it |", "|---|---|---|---|")
    shown = "not measured, no Chromium" if found["shown_s"] is None else f"{found['shown_s']:.1f}"
    yield f"| {found['cpu_s']:.1f} | {found['wall_s']:.1f} | {found['memory_mb']:.0f} | {shown} |"
    yield from ("", "| file | MB |", "|---|---|")
    yield from (f"| {name} | {size:.2f} |" for name, size in found["mb"].items())


def _write_artifacts(folder: Path, hosts: int) -> None:
    sys.path[:0] = [str(WORK / "collections"), str(CHECKOUT / "lab")]
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils import _policy, _ports  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands import collect  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import facts as facts_module  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet import artifact  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan import plan as plan_module  # noqa: PLC0415
    from portkeeper_lab.replay import Recording, ReplayHost  # noqa: PLC0415

    folder.mkdir(parents=True)
    policy = _policy.Policy.from_options({})
    kinds = []
    for name in ("nt5", "nt6"):
        host = ReplayHost(Recording.load(RECORDINGS / f"{name}.txt.gz"))
        facts = facts_module.parse_transcript(host.answer(collect.collector_line(RUN))[0].decode("cp437"))
        kinds.append((facts, plan_module.make_plan(facts, policy)))
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    draw = random.Random(1)
    for number in range(hosts):
        name = f"client{number:05}.site{number % 97:02}.example.com"
        facts, plan = kinds[number % len(kinds)]
        pool = _ports.PortSet.from_ports(draw.sample(range(1024, 65535), SOCKETS)).to_json()
        own = {
            **facts,
            "computer_name": f"C{number}",
            "dns": {**facts["dns"], "udp_ports": {"udp4": pool, "udp6": pool}},
            "machine": {"id": hashlib.sha256(name.encode()).hexdigest()[:32], "recorded_name": f"C{number}"},
        }
        problems = [*facts["problems"], *plan["problems"]]
        reasons = "; ".join(str(action["reason"]) for action in plan["actions"])
        result = {"changed": True, "msg": f"{name}: would write something; due: {reasons}", "problems": problems}
        made = artifact.build(name, own, plan, result, "run", now, True, attempted=now)
        (folder / artifact.file_name(name)).write_text(json.dumps(made, indent=1), encoding="utf-8")


def _seconds_to_show(page: Path) -> float | None:
    """Return the seconds from the request for the page until its table shows hosts and it answers to a script."""
    if not all(map(shutil.which, ("chromium", "chromedriver"))):
        return None
    from selenium import webdriver  # noqa: PLC0415 - only where there is a browser
    from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in ("headless", "no-sandbox", "disable-gpu"):
        options.add_argument(f"--{flag}")
    service = webdriver.chrome.service.Service(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        began = time.monotonic()
        driver.get(page.as_uri())
        ready = "return document.querySelectorAll('#fleet tbody tr').length && /of/.test(count.textContent)"
        WebDriverWait(driver, SHOWN_S, 0.05).until(lambda browser: browser.execute_script(ready))
        return time.monotonic() - began
    finally:
        driver.quit()
