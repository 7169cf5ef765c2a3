/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "rehearsal.h"
#include "holding.h"
#include "sockets.h"

#include <stdio.h>

#define FIXED_ARGUMENTS 4

/* Asks as a victim does: by binding. */
static int is_taken(const struct config *config, unsigned port)
{
    return hold_port(config->addresses.entries[0], SOCK_DGRAM, port) != 0;
}

static int rehearse_once(const wchar_t *service, uint64_t seed, int count, wchar_t **ports)
{
    struct config config;
    int error;

    read_config(service, &config);
    config.has_seed = 1;
    config.seed = seed;
    error = hold_ports(&config);
    if (!error) {
        printf("%u", (unsigned)held_ports());
        for (int i = 0; i < count; i++) {
            unsigned port = (unsigned)wcstoul(ports[i], NULL, 10);
            if (is_taken(&config, port))
                printf(" %u", port);
        }
        printf("\n");
        fflush(stdout);
    }
    release_ports();
    return error;
}

int rehearse(int count, wchar_t **arguments)
{
    WSADATA winsock;
    unsigned long times;
    uint64_t seed;
    int error = 0;

    if (count < FIXED_ARGUMENTS || wcscmp(arguments[0], REHEARSE_VERB))
        return 1;
    times = wcstoul(arguments[2], NULL, 10);
    seed = wcstoul(arguments[3], NULL, 10);
    WSAStartup(MAKEWORD(2, 2), &winsock);
    for (unsigned long i = 0; i < times && !error; i++)
        error = rehearse_once(arguments[1], seed + i, count - FIXED_ARGUMENTS, arguments + FIXED_ARGUMENTS);
    return error;
}
