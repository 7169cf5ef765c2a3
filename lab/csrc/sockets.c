/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sockets.h"

#include <stdlib.h>
#include <string.h>

static SOCKET *held;
static size_t held_count;
static size_t held_room;

static int remember(SOCKET socket_handle)
{
    if (held_count == held_room) {
        size_t room = held_room ? held_room * 2 : 256;
        SOCKET *grown = realloc(held, room * sizeof(*held));
        if (!grown)
            return WSAENOBUFS;
        held = grown;
        held_room = room;
    }
    held[held_count++] = socket_handle;
    return 0;
}

static int make_address(const char *text, unsigned port, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof(*address));
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((u_short)port);
        return sizeof(*v4);
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((u_short)port);
        return sizeof(*v6);
    }
    return 0;
}

int hold_port(const char *text, int type, unsigned port)
{
    struct sockaddr_storage address;
    int length = make_address(text, port, &address);
    const int yes = 1;
    SOCKET handle;
    int error = 0;

    if (!length)
        return WSAEADDRNOTAVAIL;
    handle = WSASocketW(address.ss_family, type, 0, NULL, 0, 0);
    if (handle == INVALID_SOCKET)
        return WSAGetLastError();
    /* A UDP port is exclusive as long as nobody asks to share it. Asking 2,500 times takes a third of a start. */
    if (type == SOCK_STREAM)
        setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&yes, sizeof(yes));
    if (bind(handle, (struct sockaddr *)&address, length) != 0)
        error = WSAGetLastError();
    else if (type == SOCK_STREAM && listen(handle, SOMAXCONN) != 0)
        error = WSAGetLastError();
    else
        error = remember(handle);
    if (error)
        closesocket(handle);
    return error;
}

size_t held_ports(void)
{
    return held_count;
}

void release_ports(void)
{
    while (held_count)
        closesocket(held[--held_count]);
}
