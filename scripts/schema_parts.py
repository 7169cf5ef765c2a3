# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the parts of the published schemas that are derived from tables: facts, settings, mechanisms.

The rest of a schema is written by hand in the schema itself.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]


def rendered(schema: Schema) -> str:
    """Return the text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def facts_schema(
    base: Schema, facts: Mapping[str, Any], readers: Mapping[str, Any], settings: Mapping[str, Any]
) -> Schema:
    """Return the schema of facts.

    Args:
        base: the schema with the parts that are written by hand.
        facts: of any host: they have all keys.
        readers: by fact, its reader.
        settings: by id.
    """
    schema = copy.deepcopy(base)
    schema["required"] = [*facts]
    shapes = schema["properties"]
    shapes |= {name: dict(reader.schema) for name, reader in readers.items()}
    shapes["settings"] |= {
        "required": [*settings],
        "properties": {name: {"$ref": "#/$defs/setting"} for name in settings},
    }
    schema["properties"] = {name: shapes[name] for name in facts}
    return schema


def plan_schema(
    base: Schema,
    settings: Mapping[str, Any],
    tables: Mapping[str, Any],
    ranges: Mapping[str, Any],
    mechanisms: list[str],
) -> Schema:
    """Return the schema of a plan.

    Args:
        base: the schema with the parts that are written by hand.
        settings: by id, also those that are only read.
        tables: those of netsh, by id.
        ranges: the dynamic port ranges, by id.
        mechanisms: their names.
    """
    schema = copy.deepcopy(base)
    written = [name for name, setting in settings.items() if setting.is_written]
    schema["properties"]["mechanism"]["enum"] = mechanisms
    schema["properties"]["effective"]["propertyNames"]["enum"] = [*written, *tables, *ranges]
    schema["$defs"]["registry_setting"]["properties"]["id"]["enum"] = written
    schema["$defs"]["netsh_setting"]["properties"]["id"]["enum"] = [*tables]
    schema["$defs"]["range_setting"]["properties"]["id"]["enum"] = [*ranges]
    return schema
