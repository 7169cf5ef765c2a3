/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The small files under C:\windows\portkeeper-lab through which programs ask the lab for something. */
#ifndef PORTKEEPER_LABFILE_H
#define PORTKEEPER_LABFILE_H

#include <winsock2.h>
#include <windows.h>

/* Writes text as UTF-8 under a temporary name and renames it, so that a reader never sees half a file.
 * Returns 0 or the error. */
DWORD labfile_write(const wchar_t *path, const wchar_t *text);

int labfile_exists(const wchar_t *path);

/* The value of a line "key=value"; 0 where the file or the line is missing. */
int labfile_value(const wchar_t *path, const wchar_t *key, wchar_t *value, size_t room);

#endif
