# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create the Wine prefix from which every host is copied, once per Windows version, reduced to a few megabytes."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from pathlib import Path

from portkeeper_lab.namespace import Namespace
from portkeeper_lab.paths import LabError, cache_dir, locked
from portkeeper_lab.progress import step
from portkeeper_lab.regtext import Value, add_keys, drop_keys, drop_values
from portkeeper_lab.rootfs import ensure_root

WINE_FILES = ("usr/lib/x86_64-linux-gnu/wine/x86_64-windows", "usr/share/wine/nls")
"""Folders of the root whose files Wine copies into every prefix."""

SYSTEM32 = "drive_c/windows/system32"
LAB_FOLDER = "drive_c/windows/portkeeper-lab"
OUTSIDE = ("agent", "type")
"""Programs that lie in the lab's own folder: no Windows has a file of that name."""
OVERRIDES = "HKCU\\Software\\Wine\\DllOverrides"
NT_VERSION = "HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion"
SEARCHED = (
    f"{NT_VERSION}\\Time Zones",
    f"{NT_VERSION}\\Fonts",
    f"{NT_VERSION}\\FontSubstitutes",
    "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Fonts",
    "HKLM\\System\\CurrentControlSet\\Hardware Profiles\\Current\\Software\\Fonts",
)
"""Keys that each of Wine's processes reads entry by entry when it starts, which took most of its time."""
LAB_ZONE = f"{NT_VERSION}\\Time Zones\\UTC"
"""The root's own time zone, which must be found."""
TRANSLATED = ("MUI_Display", "MUI_Dlt", "MUI_Std")
"""Values of a time zone for which each process would load a library. Without them its plain names count."""


def ensure_template(windows_version: str) -> Path:
    """Return the slim prefix for a Windows version, creating it first if necessary (15 s).

    Args:
        windows_version: a name that `winecfg -v` knows, for example win2003.
    """
    root = ensure_root()
    path = cache_dir() / f"prefix-{root.name.removeprefix('root-')}-{windows_version}"
    if path.is_dir():
        return path
    with locked(path):
        if not path.is_dir():
            with step(f"making the template of a host ({windows_version})"):
                _build(root, path, windows_version)
    return path


def _build(root: Path, path: Path, windows_version: str) -> None:
    work = path.with_name(f"{path.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    namespace = Namespace(root, work, "template")
    try:
        for command in (
            ["wineboot", "-i"],
            ["wine", "winecfg", "-v", windows_version],
            ["wineserver", "-k"],
            ["wineserver", "-w"],
        ):
            if namespace.run(*command) and command[0] != "wineserver":
                raise LabError(f"Making the Wine prefix failed at {' '.join(command)}.")
    finally:
        namespace.close()
    link_wine_files(root, work)
    drop_keys(work, SEARCHED, but=[LAB_ZONE])
    drop_values(work, LAB_ZONE, TRANSLATED)
    work.rename(path)


def link_wine_files(root: Path, prefix: Path) -> int:
    """Replace every file of the prefix that is a copy of one in the root by a link and return how many."""
    originals: dict[str, list[Path]] = {}
    for folder in WINE_FILES:
        for original in (root / folder).iterdir():
            originals.setdefault(original.name.lower(), []).append(original)
    linked = 0
    for folder, _subfolders, names in os.walk(prefix / "drive_c"):
        for name in names:
            copy = Path(folder, name)
            for original in originals.get(name.lower(), []):
                if not copy.is_symlink() and filecmp.cmp(copy, original, shallow=False):
                    copy.unlink()
                    copy.symlink_to(f"/{original.relative_to(root)}")
                    linked += 1
    return linked


def copy_template(template: Path, prefix: Path) -> None:
    """Copy the template into a prefix that does not exist yet, or is empty (a tenth of a second)."""
    done = subprocess.run(
        ["cp", "-a", "-T", "--reflink=auto", str(template), str(prefix)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LabError(f"Copying the prefix failed: {done.stderr.strip()}")


def install_programs(programs: Path, prefix: Path, tools: list[str], places: set[str]) -> None:
    """Put our programs into a prefix: tools over Wine's in system32 and set native, the service program per image.

    Args:
        programs: the folder that `build.ensure_programs` returned.
        prefix: the host's prefix, not running.
        tools: the programs that this release has in system32.
        places: where the service program is needed, below the prefix.
    """
    (prefix / LAB_FOLDER / "bin").mkdir(parents=True, exist_ok=True)
    for program in OUTSIDE:
        _place(programs / f"{program}.exe", prefix / LAB_FOLDER / f"bin/{program}.exe")
    for tool in tools:
        _place(programs / f"{tool}.exe", prefix / SYSTEM32 / f"{tool}.exe")
    for place in sorted(places):
        _place(programs / "pkservice.exe", prefix / place)
    add_keys(prefix, {OVERRIDES: {f"{tool}.exe": Value.sz("native") for tool in tools}})


def image_path(prefix: Path, image: str) -> str:
    """Return where the service program is installed as `image`: system32, unless Wine has a file of that name."""
    taken = (prefix / SYSTEM32 / image).is_symlink()
    return f"{LAB_FOLDER}/bin/{image}" if taken else f"{SYSTEM32}/{image}"


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _place(source: Path, target: Path) -> None:
    """Replace a link to Wine's own file instead of writing through it."""
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)
