/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Whether the user may: what a tool does for somebody who is no administrator. */
#ifndef PORTKEEPER_RIGHTS_H
#define PORTKEEPER_RIGHTS_H

/* Ends the process with exit.denied where tools.toml gives the tool one and the user is no administrator. To be called
 * when the texts are loaded. */
void rights_check(void);

#endif
