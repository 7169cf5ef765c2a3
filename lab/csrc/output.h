/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Buffered output in the code page of the session. */
#ifndef PORTKEEPER_OUTPUT_H
#define PORTKEEPER_OUTPUT_H

/* The code page that text is written in: the console's, or the OEM code page without a console. */
unsigned output_code_page(void);

#endif
