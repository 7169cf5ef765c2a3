/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* What findstr searches for: literal texts and its own small regular expressions. No Windows call in here. */
#ifndef PORTKEEPER_FINDSTR_PATTERN_H
#define PORTKEEPER_FINDSTR_PATTERN_H

#include <stddef.h>

#define ATOM_ROOM 256

enum atom_kind { ATOM_SET, ATOM_WORD_BEGIN, ATOM_WORD_END };

struct atom {
    enum atom_kind kind;
    int repeated;
    unsigned char set[256];
};

struct pattern {
    int from_begin, to_end;
    size_t count;
    struct atom atoms[ATOM_ROOM];
};

struct pattern_rules {
    int regex, ignore_case, from_begin, to_end;
    int four_backslashes; /* a doubled backslash outside of a class matches nothing, four of them match one */
};

/* Whether the text holds a metacharacter that is not escaped. */
int pattern_has_meta(const char *text);

/* Compiles one search string; returns 0 where it is too long. */
int pattern_compile(const char *text, const struct pattern_rules *rules, struct pattern *pattern);

/* Whether the line holds the pattern. The line's CR belongs to it, its LF does not: the end of a line is the position
 * before a CR, so that a line without one has no end (findstr's way). */
int pattern_matches(const struct pattern *pattern, const char *line, size_t length);

#endif
