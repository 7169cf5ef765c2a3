/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Questions on the console that must not wait for ever. */
#ifndef PORTKEEPER_QUESTION_H
#define PORTKEEPER_QUESTION_H

/* Whether standard input answers y. An open pipe that stays silent for five seconds is no answer. */
int answered_yes(void);

#endif
