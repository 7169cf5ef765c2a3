/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define START L"Start"
#define COUNT L"Count"
#define PERSISTENT_START L"PersistentStart"
#define PERSISTENT_COUNT L"PersistentCount"

struct port_space port_space(int v6, int tcp)
{
    struct port_space space = {v6, tcp, L""};

    _snwprintf(space.key, PORTS_KEY_ROOM - 1, LAB_KEY L"\\Ports\\%ls-%ls", v6 ? L"ipv6" : L"ipv4",
               tcp ? L"tcp" : L"udp");
    return space;
}

struct draw_range ports_dynamic(const struct port_space *space)
{
    long long start = registry_dword(space->key, START, DEFAULT_LOWEST_PORT);
    long long count = registry_dword(space->key, COUNT, PORT_SPACE - DEFAULT_LOWEST_PORT);
    struct draw_range range = {(unsigned)start, (unsigned)(start + count - 1)};

    return range;
}

static LSTATUS set_number(const struct port_space *space, const wchar_t *name, DWORD value)
{
    return RegSetKeyValueW(HKEY_LOCAL_MACHINE, space->key, name, REG_DWORD, &value, sizeof(value));
}

LSTATUS ports_set_dynamic(const struct port_space *space, struct draw_range range, int persistent)
{
    DWORD count = range.high - range.low + 1;
    LSTATUS error = set_number(space, START, range.low);

    if (!error)
        error = set_number(space, COUNT, count);
    if (!error && persistent)
        error = set_number(space, PERSISTENT_START, range.low);
    if (!error && persistent)
        error = set_number(space, PERSISTENT_COUNT, count);
    return error;
}

void ports_mark(const struct port_space *space, const wchar_t *list, unsigned char *flags)
{
    static unsigned ports[PORT_SPACE];
    struct text_list entries = registry_list(space->key, list);
    size_t count = draw_parse_ports((const char *const *)entries.entries, entries.count, ports, PORT_SPACE);

    for (size_t i = 0; i < count; i++)
        flags[ports[i]] = 1;
}

/* The list as it stands in the registry, without the entry that is left out (NULL: all), with one more (NULL: none). */
static LSTATUS rewrite(const struct port_space *space, const wchar_t *list, const char *without, const char *with)
{
    struct text_list entries = registry_list(space->key, list);
    wchar_t *data = calloc((entries.count + 1) * PORTS_RANGE_ROOM + 1, sizeof(*data));
    size_t used = 0;
    LSTATUS error;

    for (size_t i = 0; i <= entries.count; i++) {
        const char *entry = i < entries.count ? entries.entries[i] : with;
        if (entry && (!without || strcmp(entry, without)))
            used += (size_t)_snwprintf(data + used, PORTS_RANGE_ROOM - 1, L"%hs", entry) + 1;
    }
    error = RegSetKeyValueW(HKEY_LOCAL_MACHINE, space->key, list, REG_MULTI_SZ, data,
                            (DWORD)((used + 1) * sizeof(*data)));
    free(data);
    return error;
}

static const char *range_text(struct draw_range range)
{
    static char text[PORTS_RANGE_ROOM];

    _snprintf(text, PORTS_RANGE_ROOM - 1, "%u-%u", range.low, range.high);
    return text;
}

LSTATUS ports_add(const struct port_space *space, const wchar_t *list, struct draw_range range)
{
    return rewrite(space, list, NULL, range_text(range));
}

LSTATUS ports_remove(const struct port_space *space, const wchar_t *list, struct draw_range range)
{
    struct text_list entries = registry_list(space->key, list);
    const char *wanted = range_text(range);

    for (size_t i = 0; i < entries.count; i++)
        if (strcmp(entries.entries[i], wanted) == 0)
            return rewrite(space, list, wanted, NULL);
    return ERROR_FILE_NOT_FOUND;
}

/* Copies a value under another name; where it is absent, the other one is removed. */
static void copy_value(const struct port_space *space, const wchar_t *from, const wchar_t *to)
{
    DWORD size = 0, type;
    void *data;

    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, space->key, to);
    if (RegGetValueW(HKEY_LOCAL_MACHINE, space->key, from, RRF_RT_ANY, &type, NULL, &size))
        return;
    data = calloc(1, size);
    if (data && !RegGetValueW(HKEY_LOCAL_MACHINE, space->key, from, RRF_RT_ANY, &type, data, &size))
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, space->key, to, type, data, size);
    free(data);
}

void ports_boot(void)
{
    for (int i = 0; i < 4; i++) {
        struct port_space space = port_space(i / 2, i % 2);
        copy_value(&space, PERSISTENT_START, START);
        copy_value(&space, PERSISTENT_COUNT, COUNT);
        copy_value(&space, PORTS_PERSISTENT, PORTS_ACTIVE);
    }
}
