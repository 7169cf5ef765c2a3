/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The commands of netsh that this lab has: dynamic and excluded port ranges below "interface ipv4|ipv6". */
#ifndef PORTKEEPER_NETSH_H
#define PORTKEEPER_NETSH_H

#include "ports.h"

enum netsh_store { STORE_DEFAULT, STORE_ACTIVE, STORE_PERSISTENT };

/* One command's arguments; numbers that were not given are -1. */
struct netsh_command {
    struct port_space space;
    long start, count;
    enum netsh_store store;
};

/* Each returns 0 or the Windows error that it failed with; the first two print what they found. */
DWORD netsh_show_dynamicport(const struct netsh_command *command);
DWORD netsh_show_excludedportrange(const struct netsh_command *command);
DWORD netsh_set_dynamicport(const struct netsh_command *command);
DWORD netsh_add_excludedportrange(const struct netsh_command *command);
DWORD netsh_delete_excludedportrange(const struct netsh_command *command);

#endif
