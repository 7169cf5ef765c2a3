# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter portkeeper.windows_dns.anonymise_transcript."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._contribute.anonymise import anonymise
from ..module_utils._parsers.transcript import TranscriptError

DOCUMENTATION = r"""
name: anonymise_transcript
short_description: Take the names out of a transcript before it is shown to others
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Puts stand-ins for computer, domain, service, process and instance names, addresses, SIDs and serial numbers. The
    same name gets the same stand-in everywhere in one transcript, without regard to case.
  - Structure, numbers, ports, versions, times and the service keys of the catalogue stay, so that
    P(portkeeper.windows_dns.parse_transcript#filter) makes the same facts of it, but for the names in them.
  - A word stays only if it is known to be harmless. A name that consists of digits alone, or that is such a word
    (V(System), V(Server)), look like the output of Windows and stay; read the result before you send it.
positional: _input
options:
  _input:
    description: The transcript, as P(portkeeper.windows_dns.parse_transcript#filter) takes it.
    type: raw
    required: true
  keep:
    description: Keys of services that may be shown besides those of the catalogue.
    type: list
    elements: str
    default: []
seealso:
  - plugin: portkeeper.windows_dns.parse_transcript
    plugin_type: filter
  - name: Acceptance
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/acceptance.md
    description: What each point means, and how to send a result.
"""

EXAMPLES = r"""
- name: Keep a transcript that can be sent to others
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'client01.txt') | portkeeper.windows_dns.anonymise_transcript }}"
    dest: client01-anonymous.txt
    mode: "0600"
  delegate_to: localhost
  vars:
    ansible_connection: local
"""

RETURN = r"""
_value:
  description: The transcript without names, as text.
  type: str
"""


def anonymise_transcript(source: Any, keep: Sequence[str] = ()) -> str:  # noqa: ANN401
    """Replace the names in a transcript; see DOCUMENTATION."""
    if isinstance(keep, (str, bytes)) or not all(isinstance(name, str) for name in keep):
        raise AnsibleFilterError("anonymise_transcript: keep is a list of service keys.")
    plain = {str(key): value for key, value in source.items()} if isinstance(source, Mapping) else source
    try:
        return anonymise(plain, keep)
    except TranscriptError as error:
        raise AnsibleFilterError(f"anonymise_transcript: {error}.") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"anonymise_transcript": anonymise_transcript}
