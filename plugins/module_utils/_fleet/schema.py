# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validate JSON against the published schemas. Supports only the keywords that they use.

A schema is turned into functions once; a fleet of a thousand artifacts is then checked in a second. Two things are
less strict than JSON Schema, because readers must ignore what they do not know: with `additionalProperties: false` a
key that the schema does not name is passed over, and of `oneOf` it is enough that one fits. Where keys are ids that
must be known, the schema says so with `propertyNames`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Check = Callable[[object], "str | None"]
"""Takes a value; returns None where it fits, else where it does not and why: ``.facts.dns.pid: wrong type``."""

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_IGNORED = frozenset(("$schema", "$id", "title", "description", "$defs"))
_SHOWN_MAX = 60


class SchemaError(ValueError):
    """A schema with an unsupported keyword or reference."""


def compiled(name: str, documents: Mapping[str, Mapping[str, Any]]) -> Check:
    """Return the check of a whole document.

    Args:
        name: file name of the schema.
        documents: all schemas that it refers to, and itself, by file name.

    Raises:
        SchemaError: a keyword that is not supported, or a reference that leads nowhere.
    """
    return _Compiler(documents).check(documents[name], name)


class _Compiler:
    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._documents = documents
        self._made: dict[tuple[str, str], Check] = {}

    def check(self, schema: Mapping[str, Any], document: str) -> Check:
        """Return the check of one schema. Its references are relative to the document."""
        makers = dict.fromkeys(make for keyword, make in _KEYWORDS.items() if keyword in schema)
        parts = [make(self, schema, document) for make in makers]
        unknown = sorted(set(schema) - set(_KEYWORDS) - _IGNORED)
        if unknown:
            raise SchemaError(f"The schema {document} uses {unknown[0]!r}, which is not supported.")
        return parts[0] if len(parts) == 1 else _all_of(parts)

    def reference(self, target: str, document: str) -> Check:
        """Return the check that a `$ref` names. It is built once."""
        file, _hash, pointer = target.partition("#")
        file = file or document
        if (file, pointer) not in self._made:
            schema: Any = self._documents.get(file)
            for part in filter(None, pointer.split("/")):
                schema = schema.get(part) if isinstance(schema, Mapping) else None
            if not isinstance(schema, Mapping):
                raise SchemaError(f"The schema {document} refers to {target!r}, which is not there.")
            self._made[file, pointer] = self.check(schema, file)
        return self._made[file, pointer]


def _all_of(parts: Sequence[Check]) -> Check:
    def check(value: object) -> str | None:
        for part in parts:
            problem = part(value)
            if problem is not None:
                return problem
        return None

    return check


def _type(_compiler: _Compiler, schema: Mapping[str, Any], _document: str) -> Check:
    named = schema["type"]
    names = [named] if isinstance(named, str) else named
    types = frozenset(kind for name in names for kind in _TYPES[name])

    # bool is a subclass of int, but true is no number in JSON: so the exact type.
    return lambda value: None if type(value) in types else f": not of type {' or '.join(names)}"


def _enum(_compiler: _Compiler, schema: Mapping[str, Any], _document: str) -> Check:
    values = [schema["const"]] if "const" in schema else schema["enum"]
    allowed = frozenset((type(value), value) for value in values)
    plain = (str, int, type(None))
    wrong = ": not one of the values that it can have"
    return lambda value: None if isinstance(value, plain) and (type(value), value) in allowed else wrong


def _bounds(_compiler: _Compiler, schema: Mapping[str, Any], _document: str) -> Check:
    low, high = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    return lambda value: None if not isinstance(value, (int, float)) or low <= value <= high else ": out of bounds"


def _size(_compiler: _Compiler, schema: Mapping[str, Any], _document: str) -> Check:
    fewest = max(schema.get(name, 0) for name in ("minLength", "minItems", "minProperties"))
    most = schema.get("maxItems", float("inf"))
    sized, wrong = (str, list, dict), ": wrong length"
    return lambda value: None if not isinstance(value, sized) or fewest <= len(value) <= most else wrong


def _pattern(_compiler: _Compiler, schema: Mapping[str, Any], _document: str) -> Check:
    # In a schema `$` is the end of the text, in Python also the place before a last line feed.
    search = re.compile(re.sub(r"\$\Z", r"\\Z", schema["pattern"])).search
    return lambda value: None if not isinstance(value, str) or search(value) else ": not of the form that it must have"


def _properties(compiler: _Compiler, schema: Mapping[str, Any], document: str) -> Check:
    checks = {name: compiler.check(part, document) for name, part in schema.get("properties", {}).items()}
    more = schema.get("additionalProperties")
    other = compiler.check(more, document) if isinstance(more, Mapping) else None
    required = frozenset(schema.get("required", ()))

    def check(value: object) -> str | None:
        if not isinstance(value, dict):
            return None
        if not required <= value.keys():
            return f".{min(required - value.keys())}: missing"
        for name, item in value.items():
            part = checks.get(name, other)
            if part is not None:
                problem = part(item)
                if problem is not None:
                    return f".{name[:_SHOWN_MAX]}{problem}"
        return None

    return check


def _names(compiler: _Compiler, schema: Mapping[str, Any], document: str) -> Check:
    part = compiler.check(schema["propertyNames"], document)

    def check(value: object) -> str | None:
        for name in value if isinstance(value, dict) else ():
            if part(name) is not None:
                return f".{name[:_SHOWN_MAX]}: not a key that it can have"
        return None

    return check


def _items(compiler: _Compiler, schema: Mapping[str, Any], document: str) -> Check:
    part = compiler.check(schema["items"], document)

    def check(value: object) -> str | None:
        if isinstance(value, list):
            for place, item in enumerate(value):
                problem = part(item)
                if problem is not None:
                    return f"[{place}]{problem}"
        return None

    return check


def _one_of(compiler: _Compiler, schema: Mapping[str, Any], document: str) -> Check:
    parts = [compiler.check(part, document) for part in schema["oneOf"]]

    def check(value: object) -> str | None:
        problem = None
        for part in parts:
            problem = part(value)
            if problem is None:
                return None
        return problem

    return check


_KEYWORDS: dict[str, Callable[[_Compiler, Mapping[str, Any], str], Check]] = {
    "type": _type,
    "enum": _enum,
    "const": _enum,
    "minimum": _bounds,
    "maximum": _bounds,
    "minLength": _size,
    "minItems": _size,
    "minProperties": _size,
    "maxItems": _size,
    "pattern": _pattern,
    "properties": _properties,
    "required": _properties,
    "additionalProperties": _properties,
    "propertyNames": _names,
    "items": _items,
    "oneOf": _one_of,
    "$ref": lambda compiler, schema, document: compiler.reference(schema["$ref"], document),
}
"""By keyword, what makes its check; keywords that belong together have the same maker."""
