/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* What a service would hold after each of many starts, without starting it many times. */
#ifndef PORTKEEPER_REHEARSAL_H
#define PORTKEEPER_REHEARSAL_H

#include <wchar.h>

#define REHEARSE_VERB L"rehearse"

/* Arguments: "rehearse", the service's name, how often, a seed, and the UDP ports to look at.
 *
 * Each time the service's configuration is read anew, its ports are bound as at a start of the service, and a line is
 * printed: how many sockets are open, then those of the given ports that another program could not have now. Then all
 * is let go. The n-th time draws from seed + n.
 * Returns 0, 1 for wrong arguments, or the error of a start that failed (10048 while the service itself runs).
 */
int rehearse(int count, wchar_t **arguments);

#endif
