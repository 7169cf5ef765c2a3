/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Which ports a service holds: its fixed ones, and the pool of the DNS stand-in. */
#include "holding.h"
#include "draw.h"
#include "pool.h"
#include "sockets.h"

#include <ntsecapi.h>
#include <stdio.h>
#include <wchar.h>

#define POOL_DEFAULT 2500
#define POOL_LIMIT 10000

static DWORD setting(const struct config *config, const wchar_t *name)
{
    return (DWORD)registry_dword(config->key, name, 0);
}

static struct text_list wildcard_addresses(const struct config *config)
{
    static char *both[] = {"0.0.0.0", "::"};
    struct text_list list = {both, 1};

    if (registry_is(config->key, L"Family", L"6"))
        list.entries = both + 1;
    else if (registry_is(config->key, L"Family", L"46"))
        list.count = 2;
    return list;
}

void read_config(const wchar_t *service, struct config *config)
{
    memset(config, 0, sizeof(*config));
    _snwprintf(config->key, KEY_ROOM - 1, SERVICES_KEY L"%ls\\Lab", service);
    config->is_dns = registry_is(config->key, L"Kind", L"dns");
    config->ignore_conflict = registry_is(config->key, L"OnConflict", L"ignore");
    config->start_delay_ms = setting(config, L"StartDelayMs");
    config->bind_delay_ms = setting(config, L"BindDelayMs");
    config->slow_stop_ms = setting(config, L"SlowStopMs");
    config->start_hang = setting(config, L"StartHang") != 0;
    config->stop_hang = setting(config, L"StopHang") != 0;
    config->pausable = setting(config, L"Pausable") != 0;
    config->fail_with = setting(config, L"FailWith");
    config->fail_specific = setting(config, L"FailSpecific");
    config->addresses = registry_list(config->key, L"Bind");
    if (!config->addresses.count)
        config->addresses = wildcard_addresses(config);
}

static int is_v6(const char *address)
{
    return strchr(address, ':') != NULL;
}

/* Holds a port, unless another program has reserved it. */
static int hold_allowed_port(const char *address, int type, unsigned port)
{
    if (pool_is_forbidden(is_v6(address), type == SOCK_STREAM, port))
        return WSAEACCES;
    return hold_port(address, type, port);
}

/* Holds a list of ports on every address; returns 0 or the first error. */
static int hold_list(const struct config *config, const wchar_t *value, int type)
{
    static unsigned ports[PORT_SPACE];
    struct text_list list = registry_list(config->key, value);
    size_t count = draw_parse_ports((const char *const *)list.entries, list.count, ports, PORT_SPACE);

    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < config->addresses.count; a++) {
            int error = hold_allowed_port(config->addresses.entries[a], type, ports[i]);
            if (error && !config->ignore_conflict)
                return error;
        }
    return 0;
}

static uint64_t draw_seed(const struct config *config, size_t family_index)
{
    long long fixed = config->has_seed ? (long long)config->seed : registry_dword(LAB_KEY, L"DrawSeed", -1);
    uint64_t seed = 0;

    if (fixed >= 0)
        return ((uint64_t)family_index << 32) | (uint64_t)fixed;
    RtlGenRandom(&seed, sizeof(seed));
    return seed;
}

/* The socket pool: SocketPoolSize random ports per address, skipping what is bound. */
static void hold_pool(const struct config *config)
{
    static struct pool_ground ground;
    static unsigned first[PORT_SPACE];
    static uint16_t order[PORT_SPACE];
    struct text_list wanted = registry_list(LAB_KEY, L"DrawFirst");
    struct draw_request request = {
        .reserved = ground.reserved,
        .first = first,
        .first_count = draw_parse_ports((const char *const *)wanted.entries, wanted.count, first, PORT_SPACE),
    };
    long long size = registry_dword(SERVICES_KEY L"DNS\\Parameters", L"SocketPoolSize", POOL_DEFAULT);

    if (size > POOL_LIMIT)
        size = POOL_DEFAULT;
    if (size < 1)
        size = 1;
    for (size_t a = 0; a < config->addresses.count; a++) {
        size_t count, i;
        long long bound = 0;
        pool_ground(is_v6(config->addresses.entries[a]), &ground);
        request.range = ground.range;
        request.seed = draw_seed(config, a);
        count = draw_order(&request, order);
        for (i = 0; i < count && bound < size; i++)
            bound += hold_port(config->addresses.entries[a], SOCK_DGRAM, order[i]) == 0;
    }
}

/* Port 53 first, as the real server fails without it; then the pool. */
static int hold_dns(const struct config *config)
{
    for (size_t a = 0; a < config->addresses.count; a++) {
        int error = hold_port(config->addresses.entries[a], SOCK_DGRAM, 53);
        if (!error)
            error = hold_port(config->addresses.entries[a], SOCK_STREAM, 53);
        if (error)
            return error;
    }
    hold_pool(config);
    return 0;
}

int hold_ports(const struct config *config)
{
    int error = config->is_dns ? hold_dns(config) : 0;

    if (!error)
        error = hold_list(config, L"UdpPorts", SOCK_DGRAM);
    if (!error)
        error = hold_list(config, L"TcpPorts", SOCK_STREAM);
    return error;
}
