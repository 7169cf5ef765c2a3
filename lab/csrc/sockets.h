/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The sockets that a service program holds until it stops. */
#ifndef PORTKEEPER_SOCKETS_H
#define PORTKEEPER_SOCKETS_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

#define ADDRESS_ROOM 64

/* Binds an exclusive socket and keeps it open.
 *
 * type: SOCK_DGRAM, or SOCK_STREAM, which listens as well.
 * Returns 0 or the Winsock error (10048: the port is taken).
 */
int hold_port(const char *address, int type, unsigned port);

/* How many sockets hold_port has opened that are still open. */
size_t held_ports(void);

/* Closes every socket that hold_port opened. */
void release_ports(void);

#endif
