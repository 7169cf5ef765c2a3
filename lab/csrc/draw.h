/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The draw of the DNS stand-in: which ports it tries, and in which order.
 *
 * Pure computation on numbers: no Windows header, no socket, no registry.
 */
#ifndef PORTKEEPER_DRAW_H
#define PORTKEEPER_DRAW_H

#include <stddef.h>
#include <stdint.h>

#define PORT_SPACE 65536u

/* KB953230 as quoted by the SBS article says 1024; KB929851 says 1025. */
#define NT5_LOWEST_PORT 1024u
#define DEFAULT_LOWEST_PORT 49152u
#define HIGHEST_PORT 65535u

struct draw_range {
    unsigned low;
    unsigned high;
};

struct draw_request {
    struct draw_range range;
    const unsigned char *reserved; /* PORT_SPACE flags */
    const unsigned *first;         /* ports that are taken before all others */
    size_t first_count;
    uint64_t seed;
};

/* The range that an NT5 server draws from.
 *
 * max_user_port: the registry value, or -1 where it is absent or no REG_DWORD.
 */
struct draw_range draw_range_nt5(long long max_user_port);

/* Writes the order in which ports are tried; returns how many there are.
 *
 * Every port of the range that is not reserved appears exactly once; all orders are equally likely.
 * order must have room for PORT_SPACE entries.
 */
size_t draw_order(const struct draw_request *request, uint16_t *order);

/* Reads ports out of registry entries as "a-b" or "a"; returns how many were written to ports. */
size_t draw_parse_ports(const char *const *entries, size_t count, unsigned *ports, size_t room);

/* Marks what a ReservedPorts value protects, with the stricter reading of KB812873.
 *
 * Only entries of the documented form "n-m" count. Entries that touch or overlap another entry protect nothing,
 * neither of the two, unless split_honoured is set (a mutant of the stand-in).
 */
void draw_reserve(const char *const *entries, size_t count, int split_honoured, unsigned char *reserved);

#endif
