/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Reading the registry values that steer the lab's programs. */
#ifndef PORTKEEPER_REGISTRY_H
#define PORTKEEPER_REGISTRY_H

#include <winsock2.h>
#include <windows.h>

#define LAB_KEY L"SYSTEM\\CurrentControlSet\\Control\\PortkeeperLab"
#define SERVICES_KEY L"SYSTEM\\CurrentControlSet\\Services\\"

struct text_list {
    char **entries;
    size_t count;
};

/* The REG_DWORD below HKLM, or fallback where it is absent or of another type. */
long long registry_dword(const wchar_t *key, const wchar_t *name, long long fallback);

/* The entries of a REG_MULTI_SZ below HKLM; empty where it is absent or of another type.
 * Characters beyond ASCII become '?', which no port list contains. An empty entry ends the list. */
struct text_list registry_list(const wchar_t *key, const wchar_t *name);

/* Whether the REG_SZ below HKLM is exactly this text. */
int registry_is(const wchar_t *key, const wchar_t *name, const wchar_t *text);

#endif
