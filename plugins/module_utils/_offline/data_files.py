# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the registry files that apply.cmd and rollback.cmd import: values, machine id, removal of records."""

from __future__ import annotations

from .._commands.machine_id import ID_VALUE, NAME_VALUE
from .._windows.registry_file import RawValue, encode_reg, long_key, render_reg, text_value
from .._windows.settings import OWN_KEY, STATE_KEY
from .order import ScriptPlan


def data_bytes(order: ScriptPlan, which: str, machine: str) -> bytes:
    """Render a data file in the dialect of the host.

    Args:
        order: what the scripts do.
        which: `apply` for the values after, `rollback` for those before.
        machine: the id that the machine gets with `apply` if it has none.

    Raises:
        RegFileError: a value that the dialect cannot hold exactly.
    """
    keys: dict[str, dict[str, RawValue | None]] = {}
    for value in order.values:
        key = long_key(value.setting.key)
        keys.setdefault(key, {})[value.setting.value_name] = value.after if which == "apply" else value.before
    if which == "apply" and order.new_id:
        names = {ID_VALUE: machine, NAME_VALUE: order.computer}
        texts = {name: text_value(text) for name, text in names.items()}
        keys[long_key(OWN_KEY)] = {**texts}
    signature, _line, rest = render_reg(keys, order.dialect).partition("\r\n\r\n")
    # The record of the old value must not stay until the new one is recorded.
    removed = "".join(f"[-{long_key(STATE_KEY)}\\{record.id}]\r\n\r\n" for record in order.records)
    return encode_reg(f"{signature}\r\n\r\n{removed}{rest}", order.dialect)
