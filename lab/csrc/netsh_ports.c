/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "netsh.h"
#include "endpoints.h"
#include "text.h"

#include <stdlib.h>

/* KB929851: the dynamic range must hold at least 255 ports and begin at 1025 or above. */
#define LOWEST_DYNAMIC 1025
#define LEAST_DYNAMIC 255

struct row {
    struct draw_range range;
    int administered;
};

static const wchar_t *protocol_word(const struct netsh_command *command)
{
    return command->space.tcp ? L"tcp" : L"udp";
}

DWORD netsh_show_dynamicport(const struct netsh_command *command)
{
    struct draw_range range = ports_dynamic(&command->space);

    text_write(TO_STDOUT, L"dynamicport", L"protocol", protocol_word(command), L"start", decimal(range.low), L"count",
               decimal(range.high - range.low + 1), NULL);
    return 0;
}

static int by_start(const void *left, const void *right)
{
    return (int)((const struct row *)left)->range.low - (int)((const struct row *)right)->range.low;
}

static size_t read_rows(const struct port_space *space, const wchar_t *list, int administered, struct row *rows)
{
    struct text_list entries = registry_list(space->key, list);
    size_t count = 0;

    for (size_t i = 0; i < entries.count; i++) {
        char *dash;
        unsigned long low = strtoul(entries.entries[i], &dash, 10);
        unsigned long high = *dash == '-' ? strtoul(dash + 1, NULL, 10) : low;
        struct row row = {{(unsigned)low, (unsigned)high}, administered};
        if (rows)
            rows[count] = row;
        count++;
    }
    return count;
}

DWORD netsh_show_excludedportrange(const struct netsh_command *command)
{
    int persistent = command->store == STORE_PERSISTENT;
    const wchar_t *list = persistent ? PORTS_PERSISTENT : PORTS_ACTIVE;
    size_t blocks = persistent ? 0 : read_rows(&command->space, PORTS_BLOCKS, 0, NULL);
    size_t count = blocks + read_rows(&command->space, list, 1, NULL);
    struct row *rows = calloc(count + 1, sizeof(*rows));

    if (blocks)
        read_rows(&command->space, PORTS_BLOCKS, 0, rows);
    read_rows(&command->space, list, 1, rows + blocks);
    qsort(rows, count, sizeof(*rows), by_start);
    text_write(TO_STDOUT, L"excludedportrange.head", L"protocol", protocol_word(command), NULL);
    for (size_t i = 0; i < count; i++)
        text_write(TO_STDOUT, L"excludedportrange.row", L"start", decimal(rows[i].range.low), L"end",
                   decimal(rows[i].range.high), L"star", rows[i].administered ? L"*" : L" ", NULL);
    text_write(TO_STDOUT, L"excludedportrange.end", NULL);
    free(rows);
    return 0;
}

/* The range of "startport= numberofports="; 0 where it is none. */
static int range_of(const struct netsh_command *command, struct draw_range *range)
{
    if (command->start < 1 || command->count < 1 || command->start + command->count - 1 > (long)HIGHEST_PORT)
        return 0;
    range->low = (unsigned)command->start;
    range->high = (unsigned)(command->start + command->count - 1);
    return 1;
}

DWORD netsh_set_dynamicport(const struct netsh_command *command)
{
    struct draw_range range;

    if (!range_of(command, &range) || range.low < LOWEST_DYNAMIC || command->count < LEAST_DYNAMIC)
        return ERROR_INVALID_PARAMETER;
    return (DWORD)ports_set_dynamic(&command->space, range, command->store != STORE_ACTIVE);
}

/* Whether a socket holds a port of the range, or another exclusion has one. */
static int is_taken(const struct port_space *space, struct draw_range range)
{
    static unsigned char flags[PORT_SPACE];
    enum protocol protocol = space->tcp ? (space->v6 ? PROTOCOL_TCPV6 : PROTOCOL_TCP)
                                        : (space->v6 ? PROTOCOL_UDPV6 : PROTOCOL_UDP);
    struct endpoint_list sockets = endpoints_read(protocol);

    memset(flags, 0, sizeof flags); /* -f comes here once per line, for either address family */
    ports_mark(space, PORTS_ACTIVE, flags);
    ports_mark(space, PORTS_PERSISTENT, flags);
    ports_mark(space, PORTS_BLOCKS, flags);
    for (size_t i = 0; i < sockets.count; i++)
        flags[sockets.items[i].port] = 1;
    free(sockets.items);
    for (unsigned port = range.low; port <= range.high; port++)
        if (flags[port])
            return 1;
    return 0;
}

DWORD netsh_add_excludedportrange(const struct netsh_command *command)
{
    struct draw_range range;
    LSTATUS error = 0;

    if (!range_of(command, &range))
        return ERROR_INVALID_PARAMETER;
    if (is_taken(&command->space, range))
        return ERROR_SHARING_VIOLATION;
    if (command->store != STORE_ACTIVE)
        error = ports_add(&command->space, PORTS_PERSISTENT, range);
    return (DWORD)(error ? error : ports_add(&command->space, PORTS_ACTIVE, range));
}

DWORD netsh_delete_excludedportrange(const struct netsh_command *command)
{
    struct draw_range range;
    LSTATUS active, persistent = ERROR_FILE_NOT_FOUND;

    if (!range_of(command, &range))
        return ERROR_INVALID_PARAMETER;
    if (command->store != STORE_ACTIVE)
        persistent = ports_remove(&command->space, PORTS_PERSISTENT, range);
    active = ports_remove(&command->space, PORTS_ACTIVE, range);
    return (DWORD)(persistent ? active : persistent);
}
