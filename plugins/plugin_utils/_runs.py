# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artefacts of one run, read back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import artifact_path, safe_run_id


def run_folder(artifacts_dir: str, run_id: str | None) -> Path:
    """Where the artefacts of one run lie.

    Args:
        artifacts_dir: the policy's folder.
        run_id: the policy's name of the run, None for this call of ansible-playbook.

    Raises:
        AnsibleError: the run's name could lead elsewhere.
    """
    return Path(artifacts_dir) / safe_run_id(run_id)


def read_artefacts(artifacts_dir: str, run_id: str | None, hosts: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read the artefacts of the named hosts.

    Returns:
        The artefacts by host. A host whose artefact is missing, unreadable, or another host's is left out: whoever
        asks must count it as not evaluated.
    """
    found = {}
    for host in hosts:
        try:
            content = json.loads(artifact_path(artifacts_dir, run_id, host).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(content, dict) and content.get("host") == host:
            found[host] = content
    return found
