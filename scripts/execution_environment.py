# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let ansible-builder read the collection's metadata for execution environments, and the example definition.

``introspect`` is what a build runs to find out what a collection needs; ``create`` writes a build context. Neither
needs a container engine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from checkout import CACHE, CHECKOUT, GATES, build_artifact, copy_files

ROOT = CACHE / "execution-environment"
BUILDER = str(GATES / "ansible-builder")
NEEDED = "pywinrm"


def create(definition: Path) -> str:
    """Write a build context for a definition; return its Containerfile.

    Raises:
        subprocess.CalledProcessError: the definition is refused.
    """
    context = ROOT / f"context-{definition.parent.name}"
    command = [BUILDER, "create", "--file", str(definition), "--context", str(context)]
    subprocess.run([*command, "--output-filename", "Containerfile"], check=True, stdout=subprocess.DEVNULL)
    return (context / "Containerfile").read_text(encoding="utf-8")


def introspected(collections: Path) -> list[str]:
    """The Python requirements that ansible-builder finds in installed collections."""
    done = subprocess.run([BUILDER, "introspect", str(collections)], check=True, capture_output=True, text=True)
    found: list[str] = yaml.safe_load(done.stdout)["python"]
    return found


def main() -> int:
    """Check the collection's own metadata by both ways, then the example of the documentation."""
    shutil.rmtree(ROOT, ignore_errors=True)
    collection = ROOT / "ansible_collections" / "portkeeper" / "windows_dns"
    copy_files(collection, leave_out=("lab", "tests"))
    requirements = introspected(ROOT)
    if not any(line.startswith(NEEDED) for line in requirements):
        print(f"ansible-builder does not find that the collection needs {NEEDED}: {requirements}")
        return 1
    # The metadata names its files from the collection's top; as a definition of its own it is read from there.
    create(Path(shutil.copy(collection / "meta" / "execution-environment.yml", collection)))
    example = ROOT / "example"
    archive = build_artifact(example)
    shutil.copy(CHECKOUT / "docs" / "examples" / "execution-environment.yml", example)
    containerfile = create(example / "execution-environment.yml")
    carried = list(ROOT.glob(f"context-example/**/{archive.name}"))
    if "ansible-galaxy collection install" not in containerfile or archive.name not in containerfile or not carried:
        print("the example's build context does not carry and install the collection")
        return 1
    print(f"ansible-builder accepts the metadata (needs {', '.join(requirements)}) and the example")
    return 0


if __name__ == "__main__":
    sys.exit(main())
