/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* What the TCP/IP stack of Vista and later keeps for each of the four port spaces (IPv4 and IPv6, UDP and TCP): the
 * dynamic range, the ranges that an administrator excluded and the blocks that other programs reserved.
 *
 * It stands below LAB_KEY\Ports\<ipv4|ipv6>-<udp|tcp> (table in lab/README.md).
 */
#ifndef PORTKEEPER_PORTS_H
#define PORTKEEPER_PORTS_H

#include "draw.h"
#include "registry.h"

#define PORTS_KEY_ROOM 128
#define PORTS_RANGE_ROOM 24

#define PORTS_ACTIVE L"Active"
#define PORTS_PERSISTENT L"Persistent"
#define PORTS_BLOCKS L"Blocks"

struct port_space {
    int v6, tcp;
    wchar_t key[PORTS_KEY_ROOM];
};

struct port_space port_space(int v6, int tcp);

/* The dynamic range; KB929851's default where nothing was set. */
struct draw_range ports_dynamic(const struct port_space *space);

/* Sets the dynamic range for now and, where persistent is set, beyond the next boot. Returns 0 or the error. */
LSTATUS ports_set_dynamic(const struct port_space *space, struct draw_range range, int persistent);

/* Marks the ports of a list (one of the three names above) in PORT_SPACE flags. */
void ports_mark(const struct port_space *space, const wchar_t *list, unsigned char *flags);

/* Adds a range to a list. Returns 0 or the error. */
LSTATUS ports_add(const struct port_space *space, const wchar_t *list, struct draw_range range);

/* Removes exactly this range from a list. Returns 0, ERROR_FILE_NOT_FOUND, or the error. */
LSTATUS ports_remove(const struct port_space *space, const wchar_t *list, struct draw_range range);

/* What a boot does: only what was set persistently is left. */
void ports_boot(void);

#endif
