/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <ws2tcpip.h>

#define FIRST_GUESS 262144
#define SWAP_PORT(port) ntohs((u_short)(port))

typedef void (*row_reader)(const void *row, struct endpoint *endpoint);

struct table_kind {
    int tcp;
    ULONG family;
    size_t head, row;
    row_reader read;
};

static void read_tcp(const void *data, struct endpoint *endpoint)
{
    const MIB_TCPROW_OWNER_PID *row = data;

    memcpy(endpoint->address, &row->dwLocalAddr, 4);
    memcpy(endpoint->remote_address, &row->dwRemoteAddr, 4);
    endpoint->port = SWAP_PORT(row->dwLocalPort);
    endpoint->remote_port = SWAP_PORT(row->dwRemotePort);
    endpoint->state = row->dwState;
    endpoint->pid = row->dwOwningPid;
}

static void read_tcpv6(const void *data, struct endpoint *endpoint)
{
    const MIB_TCP6ROW_OWNER_PID *row = data;

    memcpy(endpoint->address, row->ucLocalAddr, 16);
    memcpy(endpoint->remote_address, row->ucRemoteAddr, 16);
    endpoint->scope = row->dwLocalScopeId;
    endpoint->remote_scope = row->dwRemoteScopeId;
    endpoint->port = SWAP_PORT(row->dwLocalPort);
    endpoint->remote_port = SWAP_PORT(row->dwRemotePort);
    endpoint->state = row->dwState;
    endpoint->pid = row->dwOwningPid;
}

static void read_udp(const void *data, struct endpoint *endpoint)
{
    const MIB_UDPROW_OWNER_PID *row = data;

    memcpy(endpoint->address, &row->dwLocalAddr, 4);
    endpoint->port = SWAP_PORT(row->dwLocalPort);
    endpoint->pid = row->dwOwningPid;
}

static void read_udpv6(const void *data, struct endpoint *endpoint)
{
    const MIB_UDP6ROW_OWNER_PID *row = data;

    memcpy(endpoint->address, row->ucLocalAddr, 16);
    endpoint->scope = row->dwLocalScopeId;
    endpoint->port = SWAP_PORT(row->dwLocalPort);
    endpoint->pid = row->dwOwningPid;
}

static const struct table_kind kinds[PROTOCOL_COUNT] = {
    {1, AF_INET, offsetof(MIB_TCPTABLE_OWNER_PID, table), sizeof(MIB_TCPROW_OWNER_PID), read_tcp},
    {1, AF_INET6, offsetof(MIB_TCP6TABLE_OWNER_PID, table), sizeof(MIB_TCP6ROW_OWNER_PID), read_tcpv6},
    {0, AF_INET, offsetof(MIB_UDPTABLE_OWNER_PID, table), sizeof(MIB_UDPROW_OWNER_PID), read_udp},
    {0, AF_INET6, offsetof(MIB_UDP6TABLE_OWNER_PID, table), sizeof(MIB_UDP6ROW_OWNER_PID), read_udpv6},
};

static DWORD fetch(const struct table_kind *kind, void *data, DWORD *size)
{
    return kind->tcp ? GetExtendedTcpTable(data, size, FALSE, kind->family, TCP_TABLE_OWNER_PID_ALL, 0)
                     : GetExtendedUdpTable(data, size, FALSE, kind->family, UDP_TABLE_OWNER_PID, 0);
}

static int compare(const void *left, const void *right)
{
    const struct endpoint *a = left, *b = right;
    int order = memcmp(a->address, b->address, sizeof(a->address));

    return order ? order : (int)a->port - (int)b->port;
}

struct endpoint_list endpoints_read(enum protocol protocol)
{
    const struct table_kind *kind = &kinds[protocol];
    struct endpoint_list list = {NULL, 0};
    DWORD size = FIRST_GUESS, error;
    char *data = malloc(size);

    while ((error = fetch(kind, data, &size)) == ERROR_INSUFFICIENT_BUFFER)
        data = realloc(data, size);
    if (error)
        return list;
    list.count = *(DWORD *)data;
    list.items = calloc(list.count + 1, sizeof(*list.items));
    for (size_t i = 0; i < list.count; i++)
        kind->read(data + kind->head + i * kind->row, &list.items[i]);
    free(data);
    qsort(list.items, list.count, sizeof(*list.items), compare);
    return list;
}

const wchar_t *endpoint_text(enum protocol protocol, const unsigned char *address, unsigned scope, unsigned port,
                             wchar_t *text)
{
    wchar_t inner[ADDRESS_TEXT] = L"";

    if (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP) {
        _snwprintf(text, ADDRESS_TEXT - 1, L"%u.%u.%u.%u:%u", address[0], address[1], address[2], address[3], port);
        return text;
    }
    InetNtopW(AF_INET6, address, inner, ADDRESS_TEXT);
    if (scope)
        _snwprintf(text, ADDRESS_TEXT - 1, L"[%ls%%%u]:%u", inner, scope, port);
    else
        _snwprintf(text, ADDRESS_TEXT - 1, L"[%ls]:%u", inner, port);
    return text;
}
