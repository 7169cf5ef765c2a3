# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the commands that create the scheduled task of a window.

By default a task does not start while the server runs on its battery, and no switch of `schtasks /create` changes that.
From Vista on schtasks takes a task from an XML file, and there it can be changed (Microsoft, DisallowStartIfOnBatteries
element). If schtasks refuses the file, the task is created by switches, as on older releases.
"""

from __future__ import annotations

from .cmd import escaped

FAMILIES = frozenset(("nt6", "nt6_r2"))
"""Families of releases whose schtasks takes a task from a file."""

_DEFINITION = (
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'
    "<Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>"
    "<Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>"
    "<Settings>"
    "<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>"
    "<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>"
    "<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>"
    "</Settings>"
    "<Actions><Exec><Command>{program}</Command></Exec></Actions>"
    "</Task>"
)
"""The same task as by switches, but for the battery and without a limit of its time.

Its shape is that of Microsoft's "Boot Trigger Example (XML)", with the version that Vista's own tasks have. What is not
named keeps its default: it can be run on demand, a second instance is ignored, a start that was missed is not made up
for (Microsoft, settingsType). SYSTEM needs no level of rights.

It has no declaration, because that could only be wrong: schtasks takes ANSI and UTF-16 with its mark, and refuses what
is declared as UTF-8 (github.com/fatso83/vmware-auto-suspend, issue 8). Microsoft's example declares no encoding either.
"""


def by_switches(task: str, program: str) -> str:
    """Render the command that creates a task for SYSTEM on every release.

    ONSTART needs no time of day, whose format differs between releases.

    Args:
        task: its name.
        program: the path of what it runs, without spaces.
    """
    return f"schtasks.exe /create /tn {task} /tr {program} /sc onstart /ru SYSTEM"


def definition_file(program: str, file: str) -> str:
    """Render the command that writes the task's definition.

    Environment variables in the path of the program are expanded by cmd, as in `by_switches`.

    Args:
        program: the path of what it runs, without spaces.
        file: where to write it.
    """
    return f"(echo {escaped(_DEFINITION.format(program=program))})>{file}"


def by_file(task: str, program: str, file: str) -> str:
    """Render the command that creates a task from its definition, or with switches if schtasks refuses that.

    The size of the file is not looked at: of a definition that was cut by a full disk nothing is left but a refusal.

    Args:
        task: its name.
        program: the path of what it runs, without spaces.
        file: holds the definition.
    """
    # A definition that was refused late must not stand in the way: /f exists wherever /xml does.
    return f"(schtasks.exe /create /tn {task} /ru SYSTEM /xml {file}||{by_switches(task, program)} /f)"
