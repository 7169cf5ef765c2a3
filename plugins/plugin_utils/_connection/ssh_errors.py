# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe why OpenSSH's client ended, in one sentence each.

The client's messages are not translated. Its exit code alone proves nothing: 255 may come from the host as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ansible.errors import AnsibleConnectionFailure

from .errors import LogonRefused, Target, Variables

VARIABLES = Variables(
    authentication="ansible_password or ansible_ssh_private_key_file", address="ansible_host and ansible_port"
)

_SSHPASS_WRONG_PASSWORD = 5
_SHOWN = 300
"""Characters of the client's message that a sentence shows: the last ones, which give the reason."""

_OTHER = "or set ansible_connection=winrm or =psrp"

_NOT_CHOSEN = "; if you did not choose ssh, Ansible's default, set ansible_connection=winrm or =psrp"


@dataclass(frozen=True)
class _Ended:
    """The end of the client.

    Attributes:
        status: its exit code; negative for a signal.
        text: its message, on one line.
    """

    status: int
    text: str

    def says(self, *words: str) -> bool:
        return any(word in self.text for word in words)

    @property
    def refuses_logon(self) -> bool:
        return self.status == _SSHPASS_WRONG_PASSWORD or self.says(
            "Permission denied (", "Too many authentication failures"
        )

    @property
    def wants_prompts(self) -> bool:
        """Whether the server has keyboard-interactive for a password and not the method that the client is given."""
        denied = re.search(r"Permission denied \(([a-z0-9@.,-]+)\)", self.text)
        methods = denied[1].split(",") if denied else []
        return "keyboard-interactive" in methods and "password" not in methods


_SENTENCES: tuple[tuple[Callable[[_Ended], bool], str], ...] = (
    (
        lambda end: end.says("REMOTE HOST IDENTIFICATION HAS CHANGED", "differs from the key for the IP address"),
        "has a host key that differs from the one in known_hosts: find out why before you replace that line.",
    ),
    (
        lambda end: end.says("host key is known for", "Host key verification failed"),
        "has a host key that is not in known_hosts: compare it at the host and add it (ssh-keyscan), or see"
        f" ansible_host_key_checking{_NOT_CHOSEN}.",
    ),
    (
        lambda end: end.wants_prompts,
        "rejected the credentials: check ansible_user and {variables.authentication}; it takes a password only by"
        " keyboard-interactive, which needs -o KbdInteractiveAuthentication=yes in ansible_ssh_common_args"
        f"{_NOT_CHOSEN}.",
    ),
    (
        lambda end: end.refuses_logon,
        "rejected the credentials: check ansible_user and {variables.authentication}; on Windows, the public"
        f" keys of administrators belong in administrators_authorized_keys{_NOT_CHOSEN}.",
    ),
    (
        lambda end: end.says("too long for Unix domain socket", "ControlPath too long", 'ControlPath" too long'),
        "cannot be reached: the path of ssh's control socket is too long; set ansible_control_path_dir to a short"
        " folder.",
    ),
    (
        lambda end: end.says("Could not resolve hostname"),
        "has no address: check {variables.address} ({text}).",
    ),
    (
        lambda end: end.says("Connection refused"),
        f"refused the connection: no SSH server listens there; start sshd on the host, {_OTHER}.",
    ),
    (
        lambda end: end.says("kex_exchange_identification", "ssh_exchange_identification", "banner exchange"),
        f"did not answer like an SSH server: check ansible_port, {_OTHER} ({{text}}).",
    ),
    (
        lambda end: end.says("timed out", "No route to host", "Network is unreachable"),
        f"did not answer: the host is off, or a firewall filters the port; check that sshd can be reached, {_OTHER}.",
    ),
    (
        lambda end: end.says("Unable to negotiate"),
        "and this controller's ssh have no algorithm in common: {text}",
    ),
    (lambda end: end.says("Bad configuration option", "command-line", "unsupported option"), "cannot be used: {text}"),
    (lambda end: bool(end.text), "ended the connection (ssh's exit code {status}): {text}"),
    (lambda end: True, "ended the connection without a reason (ssh's exit code {status})."),
)
"""The first row that fits gives the sentence."""


def ended_before(target: Target, status: int, said: bytes) -> AnsibleConnectionFailure:
    """Return the failure of a client that ended before the host answered; see `explained_exit`."""
    kind = LogonRefused if _Ended(status, one_line(said)).refuses_logon else AnsibleConnectionFailure
    return kind(explained_exit(target, status, said))


def explained_exit(target: Target, status: int, said: bytes) -> str:
    """Return one sentence that explains why the client has ended.

    Args:
        target: the host.
        status: the client's exit code.
        said: its standard error, which may contain text of the host.
    """
    seen = _Ended(status, one_line(said))
    sentence = next(sentence for fits, sentence in _SENTENCES if fits(seen))
    return f"{target} {sentence.format(variables=target.variables, text=seen.text[-_SHOWN:], status=status)}"


def not_windows(target: Target, printed: bytes, said: bytes) -> str:
    """Return the sentence for a host that accepted the logon and did not start cmd.exe."""
    text = (one_line(said) or one_line(printed))[-_SHOWN:]
    shown = f" ({text})" if text else ""
    return (
        f"{target} accepted the logon, but no cmd.exe answered{shown}: this is not a Windows host, or its default shell"
        " does not run cmd.exe; take the host out of the play, or set ansible_connection=winrm or =psrp for it."
    )


def one_line(text: bytes) -> str:
    """Return a text on one line, without control characters and the client's own debug lines."""
    lines = text.decode("ascii", "replace").splitlines()
    kept = " ".join(line for line in lines if not line.startswith(("debug", "OpenSSH_", "**")))
    return re.sub(r"[^!-~]+", " ", kept).strip()
