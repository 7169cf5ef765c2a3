/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Known bugs of a release's tools that the lab plays: the REG_MULTI_SZ ToolBugs below the lab's key names them. */
#ifndef PORTKEEPER_TOOLBUGS_H
#define PORTKEEPER_TOOLBUGS_H

/* Whether this host has the bug. */
int tool_has_bug(const char *name);

#endif
