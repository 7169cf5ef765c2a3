# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/catalogue.md: the services that the collection knows, from the catalogue's own rows.

Usage: python scripts/generate_catalogue.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
TARGET = CHECKOUT / "docs" / "catalogue.md"

HEAD = """<!--
SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
SPDX-License-Identifier: GPL-3.0-or-later
Written by scripts/generate_catalogue.py; change plugins/module_utils/_catalogue/sbs2003.py and later.py.
-->
# The services that it knows

A service counts as there when one of its keys is below `HKLM\\SYSTEM\\CurrentControlSet\\Services` and is not disabled
(Start 4); then its ports are needed. A profile reserves them whether it is there or not. Only UDP collides with the
pool: ports of TCP alone are carried for the recommended list's sake.

- To leave a service out, put its name or key into [`ignore_services`](policy.md).
- To add one of your own, use [`catalogue_extra`](policy.md#an-entry-of-catalogue_extra); for ports alone `extra_ports`.

"Started" is yes where the guarded window may start the service when it failed for its port, never where no policy can
make the collection start it.

| name | service | ports | keys | Windows | profiles | started | source |
|---|---|---|---|---|---|---|---|
"""
PROFILES_HEAD = """
## Profiles

| profile | why it is as it is |
|---|---|
"""
WINDOWS = {(True, True): "all", (True, False): "2000 to 2003", (False, True): "Vista and later"}
"""What a row is for, by whether it names the family of NT5 and that of Vista and later."""
_ANY_KEY = re.compile(r"\[[^\]]*\]\{\d+,\d+\}")


def _imported() -> Any:  # noqa: ANN401 - a module
    sys.path.insert(0, str(CHECKOUT / "tests"))
    import conftest  # noqa: F401, PLC0415 - makes the checkout importable
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue import sbs2003 as _catalogue  # noqa: PLC0415

    return _catalogue


def _windows(families: tuple[str, ...]) -> str:
    return WINDOWS[("nt5" in families, "nt6" in families)]


def _ports(row: Any) -> str:  # noqa: ANN401 - a row of the catalogue
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in row.ports.ranges]
    protocol = {"both": "UDP and TCP"}.get(row.protocol, row.protocol.upper())
    return f"{', '.join(shown)} {protocol}" if shown else "none"


def _keys(row: Any) -> str:  # noqa: ANN401 - a row of the catalogue
    patterns = [_ANY_KEY.sub("*", pattern).replace("\\", "") for pattern in row.service_patterns]
    together = "".join(f", with `{key}`" for key in row.requires)
    return ", ".join(f"`{key}`" for key in (*row.service_keys, *patterns)) + together or "none: by profile only"


def rendered(catalogue: Any) -> str:  # noqa: ANN401 - a module
    """The text of docs/catalogue.md."""
    lines = []
    for row in catalogue.CATALOGUE:
        started = "never" if row.never_start else "yes" if row.start_while_dns_down else "no"
        cells = [
            f"`{row.name}`", row.title, _ports(row), _keys(row), _windows(row.families),
            ", ".join(f"`{profile}`" for profile in row.profiles), started, row.source,
        ]  # fmt: skip
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    profiles = [f"| `{name}` | {why} |" for name, why in catalogue.PROFILE_SOURCES.items()]
    return HEAD + "\n".join(lines) + "\n" + PROFILES_HEAD + "\n".join(profiles) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file, or with --check say whether it is up to date."""
    text = rendered(_imported())
    if "--check" in arguments:
        return 0 if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
