# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter portkeeper.windows_dns.parse_transcript."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._facts.facts import parse_transcript as facts_of
from ..module_utils._parsers.transcript import TranscriptError

DOCUMENTATION = r"""
name: parse_transcript
short_description: Turn the collector's output into facts
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Reads a transcript as the collector prints it, in any code page and display language, and returns the facts that
    M(portkeeper.windows_dns.port_info) returns for the same host.
  - Contacts nothing.
  - What could not be read is V(null) and is named under V(problems). Only a source that is no text at all, or that is
    larger than 8 MiB, makes it fail.
positional: _input
options:
  _input:
    description:
      - The transcript as text, or as a dictionary with the single key V(base64), as
        M(ansible.builtin.slurp) gives it under V(content).
      - Prefer V(base64) for a file that is not UTF-8, because reading it as text loses bytes.
    type: raw
    required: true
  extra_services:
    description: Keys of services that belong in the facts besides those of the catalogue.
    type: list
    elements: str
    default: []
seealso:
  - module: portkeeper.windows_dns.port_info
  - module: portkeeper.windows_dns.offline_kit
  - plugin: portkeeper.windows_dns.plan_ports
    plugin_type: filter
  - plugin: portkeeper.windows_dns.anonymise_transcript
    plugin_type: filter
  - plugin: portkeeper.windows_dns.acceptance_points
    plugin_type: filter
  - name: Transcript
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/transcript.md
    description: The format of a transcript.
  - name: Facts
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/facts.md
    description: What each fact means, and when it is null.
"""

EXAMPLES = r"""
- name: Show what a carried transcript says about the DNS service
  ansible.builtin.debug:
    msg: "{{ (lookup('ansible.builtin.file', 'client01.txt') | portkeeper.windows_dns.parse_transcript).dns }}"

- name: Read a transcript that may be in any code page
  ansible.builtin.set_fact:
    client01_facts: "{{ {'base64': client01_file.content} | portkeeper.windows_dns.parse_transcript }}"
"""

RETURN = r"""
_value:
  description: The facts; their shape is described in docs/facts.md and schemas/facts.schema.json.
  type: dict
"""


def parse_transcript(source: Any, extra_services: Sequence[str] = ()) -> dict[str, Any]:  # noqa: ANN401
    """Convert a transcript to facts; see DOCUMENTATION."""
    if isinstance(extra_services, (str, bytes)) or not all(isinstance(name, str) for name in extra_services):
        raise AnsibleFilterError("parse_transcript: extra_services is a list of service keys.")
    plain = {str(key): value for key, value in source.items()} if isinstance(source, Mapping) else source
    try:
        return facts_of(plain, extra_services)
    except TranscriptError as error:
        raise AnsibleFilterError(f"parse_transcript: {error}.") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"parse_transcript": parse_transcript}
