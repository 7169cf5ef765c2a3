# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the picture of a report for the documentation, in headless Chromium, from made-up hosts.

The hosts are those of the report's own tests, so that the same code gives the same picture.

Usage: python scripts/report_picture.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from checkout import CHECKOUT

sys.path.insert(0, str(CHECKOUT / "tests"))
import conftest

PICTURE = CHECKOUT / "docs" / "images" / "report.png"
SIZE = "960,676"
"""Width and height in pixels: the head, the counts and the heat map."""
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={SIZE}")


def page() -> str:
    """Return the HTML of a report on seven servers of a small client list."""
    conftest.link_checkout()
    sys.path.insert(0, str(conftest.NAMESPACE))
    from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._report.render_html import render_html  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory, fleet  # noqa: PLC0415

    made = fleet.states()
    servers = {
        "bakery-sbs": made["conflict"],
        "dentist-sbs": made["pending"],
        "garage-sbs": made["safe"],
        "lawyer-dc1": fleet.artifact("lawyer-dc1", factory.server_2019()),
        "lawyer-sbs": made["drifted"],
        "school-sbs": made["safe"],
        "vet-sbs": made["away"],
    }
    hosts = {name: {**artifact, "host": name} for name, artifact in servers.items()}
    return render_html(fleet.report_of(hosts, title="Nightly drift check"))


def main() -> int:
    """Write the page, look at it, keep the picture; return the exit code."""
    browser = shutil.which("chromium")
    if browser is None:
        print("scripts/setup browser installs the browser that takes the picture", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(page(), encoding="utf-8")
        command = [browser, *FLAGS, f"--user-data-dir={folder}/profile", f"--screenshot={PICTURE}", path.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
    print(f"{PICTURE.relative_to(CHECKOUT)}: {PICTURE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
