/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* netsh: contexts and commands may be shortened, arguments are "name=value" or stand in their order; -f runs a file. */
#include "netsh.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define WORD_ROOM 32
#define LINE_ROOM 1024
#define FILE_ROOM 1048576
#define BLANKS L" \t\r"

enum tag { TAG_PROTOCOL, TAG_START, TAG_COUNT, TAG_STORE, TAG_NONE };

struct verb {
    const wchar_t *verb, *object, *name;
    enum tag order[TAG_NONE + 1];
    DWORD (*run)(const struct netsh_command *command);
    int silent; /* prints nothing where it succeeds, so "Ok." is printed for it */
};

static const wchar_t *const tags[] = {L"protocol", L"startport", L"numberofports", L"store"};

static const struct verb verbs[] = {
    {L"show", L"dynamicport", L"show dynamicport", {TAG_PROTOCOL, TAG_STORE, TAG_NONE}, netsh_show_dynamicport, 0},
    {L"show", L"excludedportrange", L"show excludedportrange", {TAG_PROTOCOL, TAG_STORE, TAG_NONE},
     netsh_show_excludedportrange, 0},
    {L"set", L"dynamicport", L"set dynamicport", {TAG_PROTOCOL, TAG_START, TAG_COUNT, TAG_STORE, TAG_NONE},
     netsh_set_dynamicport, 1},
    {L"add", L"excludedportrange", L"add excludedportrange",
     {TAG_PROTOCOL, TAG_START, TAG_COUNT, TAG_STORE, TAG_NONE}, netsh_add_excludedportrange, 1},
    {L"delete", L"excludedportrange", L"delete excludedportrange",
     {TAG_PROTOCOL, TAG_START, TAG_COUNT, TAG_STORE, TAG_NONE}, netsh_delete_excludedportrange, 1},
};

/* Whether word is a shortened form of whole with at least this number of letters. */
static int is_short_for(const wchar_t *word, const wchar_t *whole, size_t least)
{
    return wcslen(word) >= least && starts_with(whole, word);
}

/* "excludedportrange" and the like in AbsentNetsh: what this installation lacks although its release has it. */
static int is_absent(const wchar_t *object)
{
    struct text_list absent = registry_list(LAB_KEY, L"AbsentNetsh");
    char name[WORD_ROOM];

    _snprintf(name, WORD_ROOM - 1, "%ls", object);
    name[WORD_ROOM - 1] = '\0';
    for (size_t i = 0; i < absent.count; i++)
        if (_stricmp(absent.entries[i], name) == 0)
            return 1;
    return 0;
}

static const struct verb *find_verb(int count, wchar_t **words)
{
    if (count < 4 || !is_short_for(words[0], L"interface", 3))
        return NULL;
    if (!same_text(words[1], L"ipv4") && !same_text(words[1], L"ipv6"))
        return NULL;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
        if (is_short_for(words[2], verbs[i].verb, 2) && is_short_for(words[3], verbs[i].object, 3))
            return text_has_switch(verbs[i].name) && !is_absent(verbs[i].object) ? &verbs[i] : NULL;
    return NULL;
}

/* The tag of "name=value" among those of the command; TAG_NONE where it has none of that name. */
static enum tag named_tag(const struct verb *verb, const wchar_t *name, size_t length)
{
    for (const enum tag *tag = verb->order; *tag != TAG_NONE; tag++)
        if (length && _wcsnicmp(tags[*tag], name, length) == 0)
            return *tag;
    return TAG_NONE;
}

static long number_of(const wchar_t *text)
{
    wchar_t *end;
    unsigned long value = wcstoul(text, &end, 10);

    return *end || end == text || value > HIGHEST_PORT ? 0 : (long)value;
}

/* Puts a value where its tag says; returns 0 where it is none for that tag. */
static int set_argument(enum tag tag, const wchar_t *value, struct netsh_command *command)
{
    if (tag == TAG_PROTOCOL) {
        command->space = port_space(command->space.v6, same_text(value, L"tcp"));
        return same_text(value, L"tcp") || same_text(value, L"udp");
    }
    if (tag == TAG_STORE) {
        command->store = is_short_for(value, L"active", 1) ? STORE_ACTIVE : STORE_PERSISTENT;
        return is_short_for(value, L"active", 1) || is_short_for(value, L"persistent", 1);
    }
    if (tag == TAG_START)
        command->start = number_of(value);
    else
        command->count = number_of(value);
    return tag != TAG_NONE;
}

/* Reads "name=value" and bare values; returns 0 where one is unknown or the protocol is missing. */
static int read_arguments(const struct verb *verb, int count, wchar_t **words, struct netsh_command *command)
{
    const enum tag *next = verb->order;
    int has_protocol = 0;

    for (int i = 0; i < count; i++) {
        const wchar_t *equals = wcschr(words[i], L'=');
        enum tag tag = equals ? named_tag(verb, words[i], (size_t)(equals - words[i])) : *next;
        if (tag == TAG_NONE || !set_argument(tag, equals ? equals + 1 : words[i], command))
            return 0;
        has_protocol |= tag == TAG_PROTOCOL;
        if (!equals || *next == tag)
            next++;
    }
    return has_protocol;
}

/* A command that netsh does not know: the run of a file ends there. */
#define UNKNOWN (-1)

static int not_found(int count, wchar_t **words)
{
    wchar_t line[LINE_ROOM] = L"";

    for (int i = 0; i < count; i++) {
        wcsncat(line, i ? L" " : L"", LINE_ROOM - 1 - wcslen(line));
        wcsncat(line, words[i], LINE_ROOM - 1 - wcslen(line));
    }
    text_write(TO_STDOUT, L"not_found", L"command", line, NULL);
    return UNKNOWN;
}

/* Runs one command; returns 0, 1 where it failed, UNKNOWN where there is none (it has said why). */
static int run_words(int count, wchar_t **words)
{
    const struct verb *verb = find_verb(count, words);
    struct netsh_command command = {.start = -1, .count = -1, .store = STORE_DEFAULT};
    DWORD error;

    if (!verb)
        return not_found(count, words);
    command.space = port_space(same_text(words[1], L"ipv6"), 0);
    if (!read_arguments(verb, count - 4, words + 4, &command)) {
        text_write(TO_STDOUT, L"syntax", L"command", verb->name, NULL);
        return 1;
    }
    error = verb->run(&command);
    if (error)
        text_write(TO_STDOUT, L"failed", L"message", system_message(error), NULL);
    else if (verb->silent)
        text_write(TO_STDOUT, L"ok", NULL);
    return error != 0;
}

static int run_line(wchar_t *line)
{
    wchar_t *words[WORD_ROOM];
    int count = 0;

    for (line += wcsspn(line, BLANKS); *line && count < WORD_ROOM; line += wcsspn(line, BLANKS)) {
        words[count++] = line;
        line += wcscspn(line, BLANKS);
        if (*line)
            *line++ = L'\0';
    }
    return count && words[0][0] != L'#' ? run_words(count, words) : 0;
}

/* Every line of a file is a command; one that fails does not stop the others, one that is unknown does. */
static int run_file(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    static char bytes[FILE_ROOM];
    static wchar_t text[FILE_ROOM];
    DWORD got = 0;

    if (file == INVALID_HANDLE_VALUE) {
        text_write(TO_STDOUT, L"failed", L"message", system_message(GetLastError()), NULL);
        return 1;
    }
    ReadFile(file, bytes, FILE_ROOM - 1, &got, NULL);
    CloseHandle(file);
    text[MultiByteToWideChar(CP_ACP, 0, bytes, (int)got, text, FILE_ROOM - 1)] = L'\0';
    for (wchar_t *line = text, *end; line; line = end ? end + 1 : NULL) {
        end = wcschr(line, L'\n');
        if (end)
            *end = L'\0';
        if (run_line(line) == UNKNOWN)
            break;
    }
    return text_number(L"exit.file", 0);
}

int wmain(int count, wchar_t **arguments)
{
    text_load(L"netsh");
    if (count < 2)
        text_usage();
    if (same_text(arguments[1], L"-f") || same_text(arguments[1], L"/f")) {
        text_require_switch(L"-f");
        if (count != 3)
            text_usage();
        text_exit(run_file(arguments[2]));
    }
    text_exit(run_words(count - 1, arguments + 1) != 0);
    return 0;
}
