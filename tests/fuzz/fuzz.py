# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz every parser of untrusted text, guided by coverage, each in its process and for a limited time.

Usage: fuzz.py [READER ...]; FUZZ_SECONDS is for all of them together (default 60). What it learns stays in
``.cache/fuzz/READER``, where the next run continues; an input that breaks a reader stays in ``.cache/fuzz/crashes``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "tests")]
CACHE = CHECKOUT / ".cache" / "fuzz"
INPUT_MAX = 4096
SLOW_SECONDS = 20


def fuzz_one(name: str, seconds: int) -> None:
    """Fuzz one reader in this process; the library ends it."""
    import atheris  # noqa: PLC0415 - the parent needs it only in its children

    from conftest import link_checkout  # noqa: PLC0415 - makes the collection importable

    link_checkout()
    with atheris.instrument_imports(include=["ansible_collections.portkeeper"]):
        from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils import hostile  # noqa: PLC0415

    corpus, crashes = CACHE / name, CACHE / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = [token.encode() for token in hostile.TOKENS]
    seeds += [hostile.encoded(hostile.backup_document()), hostile.encoded(hostile.artifact_document())]
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = (
        f"-max_total_time={seconds}",
        f"-max_len={INPUT_MAX}",
        f"-timeout={SLOW_SECONDS}",
        f"-artifact_prefix={crashes}/{name}-",
        "-verbosity=0",
        "-print_final_stats=1",
    )
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: hostile.read(name, data))
    atheris.Fuzz()


def names() -> list[str]:
    """Return the readers, from a separate process, so that nothing is imported here without instrumentation."""
    code = (
        "from conftest import link_checkout; link_checkout();"
        "from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.hostile import READERS;"
        "print(*READERS)"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "tests")}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()


def main(chosen: list[str]) -> int:
    """Fuzz the readers one after the other; returns how many of them failed."""
    wanted = chosen or names()
    seconds = max(1, int(os.environ.get("FUZZ_SECONDS", "60")) // len(wanted))
    failed = []
    for name in wanted:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, str(seconds)], capture_output=True, text=True, check=False
        )
        units = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{name}: {units[0].split()[-1] if units else 'no'} inputs, exit {done.returncode}", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout, done.stderr, sep="\n")
    if failed:
        print(f"failed: {', '.join(failed)}; the inputs are in {CACHE / 'crashes'}")
    return len(failed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz_one(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
