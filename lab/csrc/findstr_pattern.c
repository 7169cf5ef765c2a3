/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "findstr_pattern.h"

#include <ctype.h>
#include <string.h>

static int is_word(int character)
{
    return isalnum(character) || character == '_';
}

int pattern_has_meta(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' && text[1] && text[1] != '<' && text[1] != '>')
            text++;
        else if (strchr(".*^$[", *text) || *text == '\\')
            return 1;
    }
    return 0;
}

static void set_add(struct atom *atom, unsigned char character, int ignore_case)
{
    atom->set[character] = 1;
    if (ignore_case) {
        atom->set[tolower(character)] = 1;
        atom->set[toupper(character)] = 1;
    }
}

static void set_invert(struct atom *atom)
{
    for (int i = 0; i < 256; i++)
        atom->set[i] = !atom->set[i];
    atom->set['\n'] = 0;
}

/* The place of a character in findstr's order: letters sort aAbBcC, so that [a-z] holds capitals, too. */
static int collated(unsigned char character)
{
    if (isalpha(character))
        return 1000 + 2 * (tolower(character) - 'a') + (isupper(character) ? 1 : 0);
    return character;
}

static void set_add_range(struct atom *atom, unsigned char low, unsigned char high, int ignore_case)
{
    for (int i = 1; i < 256; i++)
        if (collated((unsigned char)i) >= collated(low) && collated((unsigned char)i) <= collated(high))
            set_add(atom, (unsigned char)i, ignore_case);
}

/* Reads a class behind its opening bracket; returns the character behind the closing one, or NULL without one. */
static const char *read_class(const char *text, struct atom *atom, int ignore_case)
{
    int inverted = *text == '^';

    text += inverted;
    while (*text && *text != ']') {
        unsigned char low, high;
        if (*text == '\\' && text[1])
            text++;
        low = high = (unsigned char)*text++;
        if (*text == '-' && text[1] && text[1] != ']') {
            text++;
            if (*text == '\\' && text[1])
                text++;
            high = (unsigned char)*text++;
            set_add_range(atom, low, high, ignore_case);
        } else {
            set_add(atom, low, ignore_case);
        }
    }
    if (!*text)
        return NULL;
    if (inverted)
        set_invert(atom);
    return text + 1;
}

/* Reads one atom of a regular expression; returns what follows it. */
static const char *read_atom(const char *text, struct atom *atom, const struct pattern_rules *rules)
{
    int ignore_case = rules->ignore_case;
    const char *behind;

    if (*text == '\\' && (text[1] == '<' || text[1] == '>')) {
        atom->kind = text[1] == '<' ? ATOM_WORD_BEGIN : ATOM_WORD_END;
        return text + 2;
    }
    if (rules->four_backslashes && text[0] == '\\' && text[1] == '\\') {
        if (text[2] != '\\' || text[3] != '\\')
            return text + 2;
        set_add(atom, '\\', ignore_case);
        return text + 4;
    }
    if (*text == '\\' && text[1]) {
        set_add(atom, (unsigned char)text[1], ignore_case);
        return text + 2;
    }
    if (*text == '.') {
        set_invert(atom);
        return text + 1;
    }
    if (*text == '[' && (behind = read_class(text + 1, atom, ignore_case)) != NULL)
        return behind;
    memset(atom->set, 0, sizeof(atom->set));
    set_add(atom, (unsigned char)*text, ignore_case);
    return text + 1;
}

static int compile_regex(const char *text, const struct pattern_rules *rules, struct pattern *pattern)
{
    if (*text == '^') {
        pattern->from_begin = 1;
        text++;
    }
    while (*text) {
        struct atom *atom;
        if (text[0] == '$' && !text[1]) {
            pattern->to_end = 1;
            break;
        }
        if (pattern->count == ATOM_ROOM)
            return 0;
        atom = &pattern->atoms[pattern->count++];
        text = read_atom(text, atom, rules);
        if (*text == '*' && atom->kind == ATOM_SET) {
            atom->repeated = 1;
            text++;
        }
    }
    return 1;
}

/* In a literal, a doubled backslash stands for one and a backslash before a quote for the quote. */
static int compile_literal(const char *text, const struct pattern_rules *rules, struct pattern *pattern)
{
    while (*text) {
        if (pattern->count == ATOM_ROOM)
            return 0;
        if (*text == '\\' && (text[1] == '\\' || text[1] == '"'))
            text++;
        set_add(&pattern->atoms[pattern->count++], (unsigned char)*text++, rules->ignore_case);
    }
    return 1;
}

int pattern_compile(const char *text, const struct pattern_rules *rules, struct pattern *pattern)
{
    memset(pattern, 0, sizeof(*pattern));
    pattern->from_begin = rules->from_begin;
    pattern->to_end = rules->to_end;
    return rules->regex ? compile_regex(text, rules, pattern) : compile_literal(text, rules, pattern);
}

static int holds_at(enum atom_kind kind, const char *line, size_t length, size_t at)
{
    int before = at > 0 && is_word((unsigned char)line[at - 1]);
    int behind = at < length && is_word((unsigned char)line[at]);

    return kind == ATOM_WORD_BEGIN ? !before && behind : before && !behind;
}

/* Follows everything that consumes nothing: repeated atoms may be skipped, word borders are looked at. */
static void close_over(const struct pattern *pattern, unsigned char *states, const char *line, size_t length,
                       size_t at)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct atom *atom = &pattern->atoms[i];
        if (states[i] && (atom->kind == ATOM_SET ? atom->repeated : holds_at(atom->kind, line, length, at)))
            states[i + 1] = 1;
    }
}

static void step(const struct pattern *pattern, const unsigned char *states, unsigned char *next, int character)
{
    memset(next, 0, pattern->count + 1);
    for (size_t i = 0; i < pattern->count; i++) {
        const struct atom *atom = &pattern->atoms[i];
        if (!states[i] || atom->kind != ATOM_SET || !atom->set[character])
            continue;
        next[i + !atom->repeated] = 1;
    }
}

/* Whether a match can begin with this character at all: most positions end here. */
static int may_begin(const struct pattern *pattern, int character)
{
    const struct atom *first = pattern->atoms;

    return !pattern->count || first->kind != ATOM_SET || first->repeated || first->set[character];
}

int pattern_matches(const struct pattern *pattern, const char *line, size_t length)
{
    unsigned char buffers[2][ATOM_ROOM + 1] = {{0}};
    unsigned char *states = buffers[0], *next = buffers[1];
    int alive = 0;

    for (size_t at = 0; at <= length; at++) {
        int character = at < length ? (unsigned char)line[at] : '\n';
        int begin = (!pattern->from_begin || at == 0) && (alive || at == length || may_begin(pattern, character));
        unsigned char *other;
        if (!alive && !begin)
            continue;
        if (begin)
            states[0] = 1;
        close_over(pattern, states, line, length, at);
        if (states[pattern->count] && (!pattern->to_end || (at < length && line[at] == '\r')))
            return 1;
        if (at == length)
            break;
        step(pattern, states, next, character);
        other = states;
        states = next;
        next = other;
        alive = memchr(states, 1, pattern->count + 1) != NULL;
    }
    return 0;
}
