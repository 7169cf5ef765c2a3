/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The sockets of this computer with the process that holds each. */
#ifndef PORTKEEPER_ENDPOINTS_H
#define PORTKEEPER_ENDPOINTS_H

#include <winsock2.h>
#include <windows.h>
#include <iphlpapi.h>

#define ADDRESS_TEXT 96

enum protocol { PROTOCOL_TCP, PROTOCOL_TCPV6, PROTOCOL_UDP, PROTOCOL_UDPV6, PROTOCOL_COUNT };

struct endpoint {
    unsigned char address[16];
    unsigned port;
    unsigned scope;
    unsigned char remote_address[16];
    unsigned remote_port;
    unsigned remote_scope;
    DWORD state;
    DWORD pid;
};

struct endpoint_list {
    struct endpoint *items;
    size_t count;
};

/* Every socket of the protocol, sorted by address and port. */
struct endpoint_list endpoints_read(enum protocol protocol);

/* "0.0.0.0:53", "[::]:53", "[fe80::1%4]:123". */
const wchar_t *endpoint_text(enum protocol protocol, const unsigned char *address, unsigned scope, unsigned port,
                             wchar_t *text);

#endif
