/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "pool.h"
#include "ports.h"

#include <string.h>

#define TCPIP_KEY SERVICES_KEY L"Tcpip\\Parameters"
#define DNS_KEY SERVICES_KEY L"DNS\\Parameters"

/* ReservedPorts takes effect at boot (KB812873). */
static void ground_nt5(struct pool_ground *ground)
{
    int live = registry_is(LAB_KEY, L"Mutant", L"reservation_without_reboot");
    int split = registry_is(LAB_KEY, L"Mutant", L"split_ranges_honoured");
    struct text_list list = live ? registry_list(TCPIP_KEY, L"ReservedPorts")
                                 : registry_list(LAB_KEY, L"BootReservedPorts");

    ground->range = draw_range_nt5(registry_dword(TCPIP_KEY, L"MaxUserPort", -1));
    draw_reserve((const char *const *)list.entries, list.count, split, ground->reserved);
}

/* SocketPoolExcludedPortRanges takes effect at the start of the service, which is now. Ranges may touch here. */
static void ground_nt6(int v6, int excluded_honoured, struct pool_ground *ground)
{
    struct port_space space = port_space(v6, 0);
    struct text_list list = registry_list(DNS_KEY, L"SocketPoolExcludedPortRanges");

    ground->range = ports_dynamic(&space);
    draw_reserve((const char *const *)list.entries, excluded_honoured ? list.count : 0, 1, ground->reserved);
    ports_mark(&space, PORTS_ACTIVE, ground->reserved);
    ports_mark(&space, PORTS_BLOCKS, ground->reserved);
}

void pool_ground(int v6, struct pool_ground *ground)
{
    if (registry_is(LAB_KEY, L"PoolRule", L"dynamic_range"))
        ground_nt6(v6, 1, ground);
    else if (registry_is(LAB_KEY, L"PoolRule", L"dynamic_range_only"))
        ground_nt6(v6, 0, ground);
    else
        ground_nt5(ground);
}

int pool_is_forbidden(int v6, int tcp, unsigned port)
{
    static unsigned char flags[PORT_SPACE];
    struct port_space space = port_space(v6, tcp);

    memset(flags, 0, sizeof(flags));
    ports_mark(&space, PORTS_BLOCKS, flags);
    return flags[port];
}
