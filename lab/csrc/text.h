/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The texts of a tool: templates by key from a format file, so that release and language are data.
 *
 * A format file is UTF-8. Lines before the first "@@ key" line are its header (comments). The lines below "@@ key"
 * up to the next one are the template; every line ends with CR LF in the output.
 *   {name}      the argument name
 *   {name:20}   left-aligned, at least 20 characters
 *   {name:>7}   right-aligned, at least 7 characters
 *   {!name}     from here on nothing is printed unless the argument is given and not empty; {!} ends it
 *   {~}         at the end of a line: no line end
 *   {}          nothing: keeps blanks at the end of a line visible
 *   {{          a brace
 */
#ifndef PORTKEEPER_TEXT_H
#define PORTKEEPER_TEXT_H

#include <winsock2.h>
#include <windows.h>

#define LAB_DIRECTORY L"C:\\windows\\portkeeper-lab\\"
#define USAGE_KEY L"usage"

enum stream { TO_STDOUT, TO_STDERR };

/* Loads the format file of this tool; ends the process with code 3 where it is missing, and with exit.denied where the
 * user lacks the rights that the tool needs. */
void text_load(const wchar_t *tool);

/* The raw template, or NULL. */
const wchar_t *text_find(const wchar_t *key);

/* A number that the installer wrote, such as exit.usage. */
int text_number(const wchar_t *key, int fallback);

/* Writes a template. The further arguments are pairs of wide strings, name and value, closed by NULL. */
void text_write(enum stream stream, const wchar_t *key, ...);

/* Writes wide text as it is, in the output code page. */
void text_raw(enum stream stream, const wchar_t *text, size_t length);

/* Writes bytes as they are. */
void text_bytes(enum stream stream, const char *bytes, size_t length);

/* Writes what is buffered. */
void text_flush(void);

/* Flushes and ends the process. */
void text_exit(int code);

/* Whether this release has the switch (the list "@@ switches", from lab/tools.toml). */
int text_has_switch(const wchar_t *name);

/* Refuses with the usage text and the release's exit code where the switch does not exist. */
void text_require_switch(const wchar_t *name);

/* Prints the usage text on stderr and ends with exit.usage. */
void text_usage(void);

/* A number as text; the buffer is one of a few that are used in turn. */
const wchar_t *decimal(unsigned long long value);
const wchar_t *hexadecimal(unsigned long long value);

/* The system's own message for an error, without its line end. */
const wchar_t *system_message(DWORD error);

int same_text(const wchar_t *left, const wchar_t *right);
int starts_with(const wchar_t *text, const wchar_t *prefix);

#endif
