# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply the settings of an account to its commands: variables and those of the command processor.

Wine's cmd and loader read neither, so the host plays them when it starts a command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from portkeeper_lab.backend import Launch
from portkeeper_lab.regtext import Keys

_ENVIRONMENT = "hkcu\\environment"
_PROCESSOR = "hkcu\\software\\microsoft\\command processor"


@dataclass(frozen=True)
class Account:
    """Variables of the account, AutoRun's command ("" for none), and whether cmd expands variables late."""

    variables: dict[str, str]
    autorun: str
    late: bool

    def started(self, launch: Launch) -> Launch:
        """Return the launch as this account's cmd takes it: with /V:ON, and AutoRun's command in front of the line.

        Wine's cmd starts with its default prompt, so the account's prompt is also set in front of the line.
        """
        made = replace(launch, environment={**self.variables, **(launch.environment or {})})
        prompt = f"prompt {self.variables['PROMPT']}" if "PROMPT" in self.variables else ""
        if launch.skip_shell or not (self.autorun or self.late or prompt):
            return made
        line = "&".join(part for part in (prompt, self.autorun, launch.line) if part)
        return replace(made, line=f"cmd.exe {'/V:ON ' if self.late else ''}/C {line}", skip_shell=True)


def account_of(registry: Keys) -> Account:
    """Read a scenario's registry."""
    keys = {key.lower(): {name.lower(): value for name, value in values.items()} for key, values in registry.items()}
    names = {name for key, values in registry.items() if key.lower() == _ENVIRONMENT for name in values}
    processor = keys.get(_PROCESSOR, {})
    autorun, late = processor.get("autorun"), processor.get("delayedexpansion")
    return Account(
        variables={name: _text(keys[_ENVIRONMENT][name.lower()].data) for name in names},
        autorun=_text(autorun.data) if autorun else "",
        late=late is not None and int.from_bytes(late.data, "little") == 1,
    )


def _text(data: bytes) -> str:
    return data.decode("utf-16-le").rstrip("\0")
