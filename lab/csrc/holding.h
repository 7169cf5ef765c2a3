/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The configuration of a service of the lab, and the ports that it holds. */
#ifndef PORTKEEPER_HOLDING_H
#define PORTKEEPER_HOLDING_H

#include "registry.h"

#include <stdint.h>

#define KEY_ROOM 512

struct config {
    wchar_t key[KEY_ROOM];
    struct text_list addresses;
    int is_dns;
    int ignore_conflict;
    DWORD start_delay_ms, bind_delay_ms, slow_stop_ms;
    int start_hang, stop_hang, pausable;
    DWORD fail_with, fail_specific;
    int has_seed; /* the pool is drawn from this seed and not from the registry's or a fresh one */
    uint64_t seed;
};

/* Reads the service's Lab key (table in lab/README.md). */
void read_config(const wchar_t *service, struct config *config);

/* Binds what the service holds; returns 0 or the first error. The pool takes what it can get. */
int hold_ports(const struct config *config);

#endif
