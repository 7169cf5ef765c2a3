/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Where the DNS stand-in draws its pool from, and which of these ports it leaves alone. */
#ifndef PORTKEEPER_POOL_H
#define PORTKEEPER_POOL_H

#include "draw.h"

struct pool_ground {
    struct draw_range range;
    unsigned char reserved[PORT_SPACE];
};

/* The ground as of now, by the rule that the host plays: MaxUserPort and ReservedPorts up to Server 2003; the dynamic
 * UDP range of the family and the excluded port ranges from Vista on, with SocketPoolExcludedPortRanges from 2008 R2 on
 * (PoolRule). */
void pool_ground(int v6, struct pool_ground *ground);

/* Whether another program's reservation keeps everyone else from binding the port (error 10013). */
int pool_is_forbidden(int v6, int tcp, unsigned port);

#endif
