# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import the built collection as Ansible Galaxy would, with its tag rules; a warning is a failure.

galaxy-importer looks at the artifact: metadata, the documentation of every plugin, README files, changelog, and
ansible-lint's findings.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from checkout import CACHE, IMPORTER, build_artifact

FOLDER = CACHE / "importer"
CONFIG = """[galaxy-importer]
CHECK_REQUIRED_TAGS = True
REQUIRE_V1_OR_GREATER = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_LINT = True
"""
FINDING = re.compile(r"^(WARNING|ERROR|CRITICAL)\b", re.MULTILINE)


def main() -> int:
    """Build, import, judge; return 0 when the importer found nothing."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    artifact = build_artifact(FOLDER)
    config = FOLDER / "importer.cfg"
    config.write_text(CONFIG, encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_HOME": str(FOLDER / "home"),
        "GALAXY_IMPORTER_CONFIG": str(config),
        "PATH": f"{IMPORTER}:{os.environ['PATH']}",
    }
    command = [str(IMPORTER / "python"), "-m", "galaxy_importer.main", str(artifact)]
    done = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if done.returncode or FINDING.search(output) or "completed successfully" not in output:
        print(output)
        return 1
    print(f"galaxy-importer accepts {artifact.name}: {output.count('Loading ')} files of content, no finding")
    return 0


if __name__ == "__main__":
    sys.exit(main())
