# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load the published schemas from the installed collection."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from ansible.errors import AnsibleError

from ...module_utils._fleet.schema import Check, SchemaError, compiled

FOLDER = Path(__file__).resolve().parents[1] / "schemas"
_ENDING = ".schema.json"


@functools.cache
def schema_check(name: str) -> Check:
    """Return the check of one format.

    Args:
        name: of the format, such as `artifact` or `summary`.

    Raises:
        AnsibleError: the schemas cannot be read.
    """
    try:
        paths = sorted(FOLDER.glob(f"*{_ENDING}"))
        documents = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}
        return compiled(f"{name}{_ENDING}", documents)
    except (OSError, ValueError, KeyError, SchemaError) as error:
        raise AnsibleError(
            f"The collection's schemas in {FOLDER} cannot be used ({error}): install the collection again."
        ) from error
