/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "registry.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The data as wide text with two zeros behind it; NULL where it is absent or of another type. */
static wchar_t *read_text(const wchar_t *key, const wchar_t *name, DWORD flag)
{
    DWORD size = 0;
    char *data;

    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, name, flag, NULL, NULL, &size) != ERROR_SUCCESS)
        return NULL;
    data = calloc(1, size + 2 * sizeof(wchar_t));
    if (data && RegGetValueW(HKEY_LOCAL_MACHINE, key, name, flag, NULL, data, &size) == ERROR_SUCCESS)
        return (wchar_t *)data;
    free(data);
    return NULL;
}

long long registry_dword(const wchar_t *key, const wchar_t *name, long long fallback)
{
    DWORD value = 0, size = sizeof(value);

    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD, NULL, &value, &size) != ERROR_SUCCESS)
        return fallback;
    return value;
}

static char *to_ascii(const wchar_t *text)
{
    size_t length = wcslen(text);
    char *copy = calloc(length + 1, 1);

    for (size_t i = 0; copy && i < length; i++)
        copy[i] = text[i] < 128 ? (char)text[i] : '?';
    return copy;
}

struct text_list registry_list(const wchar_t *key, const wchar_t *name)
{
    struct text_list list = {NULL, 0};
    wchar_t *data = read_text(key, name, RRF_RT_REG_MULTI_SZ);

    if (!data)
        return list;
    for (const wchar_t *entry = data; *entry; entry += wcslen(entry) + 1) {
        list.entries = realloc(list.entries, (list.count + 1) * sizeof(*list.entries));
        list.entries[list.count++] = to_ascii(entry);
    }
    free(data);
    return list;
}

int registry_is(const wchar_t *key, const wchar_t *name, const wchar_t *text)
{
    wchar_t *data = read_text(key, name, RRF_RT_REG_SZ);
    int same = data && _wcsicmp(data, text) == 0;

    free(data);
    return same;
}
