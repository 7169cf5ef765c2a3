/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* findstr: finds texts in files or in standard input. */
#include "findstr_pattern.h"
#include "text.h"
#include "toolbugs.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define PATTERN_ROOM 512
#define FILE_ROOM 256
#define READ_STEP 65536
#define PIPED_LINE_LIMIT 8191

struct strings {
    char *items[PATTERN_ROOM];
    size_t count;
};

struct options {
    int begin, end, exact, invert, numbers, names_only, ignore_case;
    int literal, regex, has_strings, first_is_literal;
    struct strings strings;
    const wchar_t *files[FILE_ROOM];
    size_t file_count;
    int prefix;
};

struct content {
    char *bytes;
    size_t length;
};

static struct pattern *patterns;
static size_t pattern_count;

static void give_up(const wchar_t *key, const wchar_t *name)
{
    text_write(TO_STDERR, key, L"name", name, NULL);
    text_exit(text_number(L"exit.usage", 2));
}

static void add_string(struct strings *strings, const char *text, size_t length)
{
    char *copy = calloc(length + 1, 1);

    if (length > (size_t)text_number(L"limit.string", 127))
        give_up(L"too_long", L"");
    memcpy(copy, text, length);
    if (strings->count == PATTERN_ROOM)
        give_up(L"out_of_memory", L"");
    strings->items[strings->count++] = copy;
}

static char *to_bytes(const wchar_t *text)
{
    int size = WideCharToMultiByte(CP_OEMCP, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = calloc((size_t)size + 1, 1);

    WideCharToMultiByte(CP_OEMCP, 0, text, -1, bytes, size, NULL, NULL);
    return bytes;
}

static struct content read_all(HANDLE file)
{
    struct content content = {NULL, 0};
    size_t room = 0;
    DWORD got;

    do {
        if (room - content.length < READ_STEP) {
            room = room * 2 + READ_STEP;
            content.bytes = realloc(content.bytes, room + 2);
        }
        got = 0;
        if (!ReadFile(file, content.bytes + content.length, READ_STEP, &got, NULL))
            break;
        content.length += got;
    } while (got);
    return content;
}

static void read_search_file(const wchar_t *path, struct strings *strings)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    struct content content;
    const char *line, *end;

    if (file == INVALID_HANDLE_VALUE)
        give_up(L"cannot_open", path);
    content = read_all(file);
    end = content.bytes + content.length;
    for (line = content.bytes; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const char *next = stop ? stop + 1 : end;
        size_t length = (size_t)((stop ? stop : end) - line);
        if (length && line[length - 1] == '\r')
            length--;
        if (length)
            add_string(strings, line, length);
        line = next;
    }
}

/* One switch such as "/i" or "/c:text"; several letters may follow one slash. */
static void read_switch(const wchar_t *argument, struct options *options)
{
    wchar_t letter[2] = L"";

    for (const wchar_t *at = argument + 1; *at; at++) {
        letter[0] = (wchar_t)towlower(*at);
        if (!text_has_switch(letter)) {
            text_write(TO_STDERR, L"ignored", L"name", at, NULL);
            return;
        }
        if (*letter == L'c' || *letter == L'g') {
            const wchar_t *value = at[1] == L':' ? at + 2 : L"";
            if (!*value)
                text_usage();
            if (*letter == L'g') {
                read_search_file(value, &options->strings);
            } else {
                char *bytes = to_bytes(value);
                options->first_is_literal |= !options->has_strings;
                add_string(&options->strings, bytes, strlen(bytes));
            }
            options->has_strings = 1;
            return;
        }
        options->begin |= *letter == L'b';
        options->end |= *letter == L'e';
        options->exact |= *letter == L'x';
        options->invert |= *letter == L'v';
        options->numbers |= *letter == L'n';
        options->names_only |= *letter == L'm';
        options->ignore_case |= *letter == L'i';
        options->literal |= *letter == L'l';
        options->regex |= *letter == L'r';
    }
}

/* The first plain argument holds the search strings, separated by blanks. */
static void split_strings(const wchar_t *argument, struct strings *strings)
{
    char *text = to_bytes(argument);

    while (*text) {
        size_t length = strcspn(text, " ");
        if (length)
            add_string(strings, text, length);
        text += length;
        text += *text == ' ';
    }
}

static void read_arguments(int count, wchar_t **arguments, struct options *options)
{
    for (int i = 1; i < count; i++)
        if (arguments[i][0] == L'/')
            read_switch(arguments[i], options);
    for (int i = 1; i < count; i++) {
        if (arguments[i][0] == L'/')
            continue;
        if (!options->has_strings) {
            split_strings(arguments[i], &options->strings);
            options->has_strings = 1;
        } else if (options->file_count < FILE_ROOM) {
            options->files[options->file_count++] = arguments[i];
        }
    }
    if (!options->strings.count)
        text_usage();
}

/* Without /l and /r the first string decides: /c is literal, any other with a metacharacter makes all expressions. */
static void compile_all(const struct options *options)
{
    int guessed = !options->first_is_literal && pattern_has_meta(options->strings.items[0]);
    struct pattern_rules rules = {
        .regex = options->literal ? 0 : options->regex || guessed,
        .ignore_case = options->ignore_case,
        .from_begin = options->begin || options->exact,
        .to_end = options->end || options->exact,
        .four_backslashes = tool_has_bug("findstr_backslash"),
    };
    /* Known of every release: of several literals that are told from each other by case, some are passed over. */
    size_t count = rules.regex || rules.ignore_case ? options->strings.count : 1;

    patterns = calloc(options->strings.count, sizeof(*patterns));
    for (size_t i = 0; i < count; i++)
        if (!pattern_compile(options->strings.items[i], &rules, &patterns[pattern_count++]))
            give_up(L"out_of_memory", L"");
}

static int line_matches(const char *line, size_t length)
{
    for (size_t i = 0; i < pattern_count; i++)
        if (pattern_matches(&patterns[i], line, length))
            return 1;
    return 0;
}

static void print_line(const struct options *options, const wchar_t *name, size_t number, const char *line,
                       size_t length)
{
    if (options->prefix) {
        text_raw(TO_STDOUT, name, wcslen(name));
        text_bytes(TO_STDOUT, ":", 1);
    }
    if (options->numbers) {
        const wchar_t *digits = decimal(number);
        text_raw(TO_STDOUT, digits, wcslen(digits));
        text_bytes(TO_STDOUT, ":", 1);
    }
    text_bytes(TO_STDOUT, line, length);
    if (!length || line[length - 1] != '\r')
        text_bytes(TO_STDOUT, "\r", 1);
    text_bytes(TO_STDOUT, "\n", 1);
}

/* Searches one input; returns whether a line was found. */
static int search(const struct options *options, const wchar_t *name, struct content content, int piped)
{
    const char *line = content.bytes, *end = content.bytes + content.length;
    size_t number = 0;
    int found = 0;

    for (; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((stop ? stop : end) - line);
        const char *next = stop ? stop + 1 : end;
        if (piped && length > PIPED_LINE_LIMIT) {
            text_write(TO_STDERR, L"line_too_long", L"number", decimal(number + 1), NULL);
        } else if (line_matches(line, length) != options->invert) {
            found = 1;
            if (options->names_only)
                break;
            print_line(options, name, number + 1, line, length);
        }
        line = next;
    }
    if (found && options->names_only && *name) {
        text_raw(TO_STDOUT, name, wcslen(name));
        text_bytes(TO_STDOUT, "\r\n", 2);
    }
    return found;
}

/* Input that is piped in gets the line end that its last line lacks. */
static int search_input(const struct options *options)
{
    struct content content = read_all(GetStdHandle(STD_INPUT_HANDLE));

    if (content.length && content.bytes[content.length - 1] != '\n') {
        memcpy(content.bytes + content.length, "\r\n", 2);
        content.length += 2;
    }
    return search(options, L"", content, 1);
}

static int search_file(const struct options *options, const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    struct content content;
    int found;

    if (file == INVALID_HANDLE_VALUE) {
        text_write(TO_STDERR, L"cannot_open", L"name", path, NULL);
        return 0;
    }
    content = read_all(file);
    CloseHandle(file);
    found = search(options, path, content, 0);
    free(content.bytes);
    return found;
}

/* One file argument, which may hold wildcards. */
static int search_argument(struct options *options, const wchar_t *argument)
{
    const wchar_t *slash = wcsrchr(argument, L'\\');
    int folder = slash ? (int)(slash - argument + 1) : 0, found = 0;
    WIN32_FIND_DATAW entry;
    HANDLE search_handle;
    wchar_t path[MAX_PATH];

    if (!wcspbrk(argument, L"*?"))
        return search_file(options, argument);
    options->prefix = 1;
    search_handle = FindFirstFileW(argument, &entry);
    if (search_handle == INVALID_HANDLE_VALUE)
        return search_file(options, argument);
    do {
        _snwprintf(path, MAX_PATH - 1, L"%.*ls%ls", folder, argument, entry.cFileName);
        path[MAX_PATH - 1] = L'\0';
        if (!(entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
            found |= search_file(options, path);
    } while (FindNextFileW(search_handle, &entry));
    FindClose(search_handle);
    return found;
}

int wmain(int count, wchar_t **arguments)
{
    static struct options options;
    int found = 0;

    text_load(L"findstr");
    read_arguments(count, arguments, &options);
    compile_all(&options);
    options.prefix = options.file_count > 1;
    if (!options.file_count)
        found = search_input(&options);
    for (size_t i = 0; i < options.file_count; i++)
        found |= search_argument(&options, options.files[i]);
    text_exit(found ? text_number(L"exit.found", 0) : text_number(L"exit.missing", 1));
    return 0;
}
