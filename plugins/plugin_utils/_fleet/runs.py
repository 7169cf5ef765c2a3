# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the artifacts of one run."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ...module_utils._fleet.artifact import ARTIFACT_BYTES_MAX, RESERVED_NAMES, ArtifactError, file_name, parse_artifact
from ...module_utils._fleet.evidence import FUTURE, Expiry
from ...module_utils._fleet.schema import Check
from ...module_utils._fleet.times import parse_time
from .._files import safe_run_id

Read = tuple[dict[str, dict[str, Any]], dict[str, str]]
"""Artifacts by host, and by host why one cannot be used."""

SUMMARY = "summary.json"
_ENDING = ".json"


class SummaryError(ValueError):
    """An unusable summary; the message gives the reason, without a subject."""


def run_folder(artifacts_dir: str, run_id: str | None) -> Path:
    """Return the folder with the artifacts of one run.

    Args:
        artifacts_dir: the policy's folder.
        run_id: the policy's name of the run, None for this call of ansible-playbook.

    Raises:
        AnsibleError: the run's name could lead elsewhere.
    """
    return Path(artifacts_dir) / safe_run_id(run_id)


def read_artifacts(folder: Path, hosts: Iterable[str], check: Check | None = None) -> Read:
    """Read the artifacts of the named hosts.

    Args:
        folder: of a run; it need not be there.
        hosts: inventory names.
        check: the check of the format, for callers that evaluate the artifacts; without it, only a file that is not an
            artifact at all is a defect.

    Returns:
        The artifacts by host; and for each host whose artifact is there but cannot be used, why. A host that is in
        neither has none. The caller must treat both as not evaluated.
    """
    return _read(((folder / file_name(host), host) for host in hosts), check)


def read_folder(folder: Path, check: Check | None = None) -> Read:
    """Read every artifact of a folder, of any host.

    Args:
        folder: one that holds artifacts, as a run's folder does; files that are not named like one are left alone.
        check: as in `read_artifacts`.

    Returns:
        As ``read_artifacts``. A file that cannot be used counts for the host that its name stands for.

    Raises:
        OSError: the folder could not be listed.
    """
    names = [name for name in sorted(os.listdir(folder)) if name.endswith(_ENDING) and not name.startswith(".")]
    chosen = [name for name in names if name.removesuffix(_ENDING).lower() not in RESERVED_NAMES]
    return _read(((folder / name, None) for name in chosen), check)


def _read(files: Iterable[tuple[Path, str | None]], check: Check | None) -> Read:
    """Return the artifacts, each for the host named with it or the host in its file name."""
    found: dict[str, dict[str, Any]] = {}
    defects: dict[str, str] = {}
    known: dict[str, Any] = {}
    for path, host in files:
        named = host if host is not None else unquote(path.name.removesuffix(_ENDING))
        try:
            artifact = parse_artifact(_content(path), host)
            if host is None and file_name(artifact["host"]) != path.name:
                raise ArtifactError("it is another host's")
            problem = check(artifact) if check else None
            if problem is not None:
                raise ArtifactError(f"it does not have the shape of its format at {problem.lstrip('.')}")
            found[artifact["host"]] = _sharing(artifact, known) if check else artifact
        except FileNotFoundError:
            continue
        except ArtifactError as error:
            defects[named] = f"the artifact cannot be used: {error}"
        except OSError as error:
            defects[named] = f"the artifact cannot be read: {error.strerror}"
    return found, defects


def _sharing(artifact: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return the artifact with those parts of facts and plan that an earlier one has, too, as the same objects.

    Hosts of a kind need the same and lack the same. In a fleet of 10,000, copies of that take most of the memory. Only
    artifacts whose format was checked are shared: they are evaluated, and never changed.
    """
    facts, plan = artifact["facts"], artifact["plan"]
    if facts is not None:
        # What DNS holds was drawn at random: no other host has it.
        facts = {**_shared(facts, known, {"dns"}), "dns": _shared(facts["dns"], known, {"udp_ports"})}
    whole = {**artifact, "facts": facts, "plan": plan and _shared(plan, known)}
    return _shared(whole, known, {"facts", "plan"})


def _shared(parts: dict[str, Any], known: dict[str, Any], own: Collection[str] = ()) -> dict[str, Any]:
    """Return the mapping with known keys, lists and mappings, except for the parts that are its own."""
    return {
        sys.intern(key): known.setdefault(repr(part), part)
        if isinstance(part, (dict, list)) and key not in own
        else part
        for key, part in parts.items()
    }


def summary_hosts(folder: Path, check: Check, expiry: Expiry) -> list[str]:
    """Return the hosts in a folder's summary; none if there is no summary, or it is too old.

    Raises:
        SummaryError: it is there, but unusable: it is then unknown which hosts are missing in the folder.
    """
    try:
        content = json.loads(_content(folder / SUMMARY).decode("utf-8"))
    except FileNotFoundError:
        return []
    except (ArtifactError, OSError, ValueError, RecursionError) as error:
        raise SummaryError(str(error)) from error
    problem = check(content)
    created = None if problem else parse_time(content["created"])
    if problem or created is None:
        raise SummaryError(f"it does not have the shape of its format at {(problem or 'created').lstrip('.')}")
    if created > expiry.now + FUTURE:
        raise SummaryError(f"it was created at {content['created']}, which is in the future: compare the clocks")
    return [row["host"] for row in content["hosts"]] if expiry.now - created <= expiry.max_age else []


def _content(path: Path) -> bytes:
    """Return the content of a regular file, up to one byte more than allowed. Other files might never end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ArtifactError("it is no regular file")
        return stream.read(ARTIFACT_BYTES_MAX + 1)
