# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artefacts of one run, read back."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._artifact import (
    ARTIFACT_BYTES_MAX,
    RESERVED_NAMES,
    ArtefactError,
    file_name,
    parse_artefact,
)
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


def read_artefacts(
    artifacts_dir: str, run_id: str | None, hosts: Iterable[str]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Read the artefacts of the named hosts.

    Returns:
        The artefacts by host; and for each host whose artefact is there but cannot be used, why. A host that is in
        neither has none: whoever asks must count both as not evaluated.
    """
    found: dict[str, dict[str, Any]] = {}
    defects: dict[str, str] = {}
    for host in hosts:
        try:
            found[host] = parse_artefact(_content(artifact_path(artifacts_dir, run_id, host)), host)
        except FileNotFoundError:
            continue
        except ArtefactError as error:
            defects[host] = f"the artefact cannot be used: {error}"
        except OSError as error:
            defects[host] = f"the artefact cannot be read: {error.strerror}"
    return found, defects


def read_folder(folder: Path) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Read every artefact of a folder, whoever's it is.

    Args:
        folder: one that holds artefacts, as a run's folder does; files that are not named like one are left alone.

    Returns:
        As ``read_artefacts``. A file that cannot be used counts for the host that its name stands for.

    Raises:
        OSError: the folder could not be listed.
    """
    found: dict[str, dict[str, Any]] = {}
    defects: dict[str, str] = {}
    for name in sorted(os.listdir(folder)):
        stem, ending = os.path.splitext(name)
        if ending != ".json" or stem.startswith(".") or stem.lower() in RESERVED_NAMES:
            continue
        try:
            artefact = parse_artefact(_content(folder / name), None)
            if file_name(artefact["host"]) != name:
                raise ArtefactError("it is another host's")
            found[artefact["host"]] = artefact
        except ArtefactError as error:
            defects[unquote(stem)] = f"the artefact cannot be used: {error}"
        except OSError as error:
            defects[unquote(stem)] = f"the artefact cannot be read: {error.strerror}"
    return found, defects


def _content(path: Path) -> bytes:
    """The content of a regular file, a byte more than allowed at most; anything else might never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ArtefactError("it is no regular file")
        return stream.read(ARTIFACT_BYTES_MAX + 1)
