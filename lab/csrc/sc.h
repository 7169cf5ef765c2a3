/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The commands of sc; each gets the arguments behind its own name and returns the exit code. */
#ifndef PORTKEEPER_SC_H
#define PORTKEEPER_SC_H

#include "scm.h"
#include "text.h"

#define VALUE_ROOM 32768

/* Prints "[SC] function FAILED code:" and returns the code. */
int sc_failed(const wchar_t *function, DWORD error);

/* The word of a number in a list of the format file such as "@@ type" (lines "number word"). */
const wchar_t *sc_word(const wchar_t *list, DWORD value);

/* The number of a word in such a list; fallback where it is not there. */
DWORD sc_number(const wchar_t *list, const wchar_t *word, DWORD fallback);

/* Whether the argument is an option "name=" that this release has for the command. */
int sc_is_option(const wchar_t *command, const wchar_t *argument);

/* Prints one status record. */
void sc_record(const wchar_t *template, const wchar_t *name, const wchar_t *display,
               const SERVICE_STATUS_PROCESS *status);

int sc_query(const wchar_t *command, int count, wchar_t **arguments);
int sc_enumdepend(const wchar_t *command, int count, wchar_t **arguments);
int sc_start(const wchar_t *command, int count, wchar_t **arguments);
int sc_stop(const wchar_t *command, int count, wchar_t **arguments);
int sc_control(const wchar_t *command, int count, wchar_t **arguments);
int sc_qc(const wchar_t *command, int count, wchar_t **arguments);
int sc_names(const wchar_t *command, int count, wchar_t **arguments);
int sc_create(const wchar_t *command, int count, wchar_t **arguments);
int sc_config(const wchar_t *command, int count, wchar_t **arguments);
int sc_delete(const wchar_t *command, int count, wchar_t **arguments);

#endif
