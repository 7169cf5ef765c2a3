/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "toolbugs.h"
#include "registry.h"

#include <string.h>

int tool_has_bug(const char *name)
{
    struct text_list bugs = registry_list(LAB_KEY, L"ToolBugs");

    for (size_t i = 0; i < bugs.count; i++)
        if (strcmp(bugs.entries[i], name) == 0)
            return 1;
    return 0;
}
