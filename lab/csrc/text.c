/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "text.h"
#include "output.h"
#include "rights.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define ENTRY_ROOM 256
#define ARGUMENT_ROOM 24
#define NUMBER_BUFFERS 16
#define NO_FORMAT_FILE 3

struct entry {
    const wchar_t *key;
    const wchar_t *text;
};

struct argument {
    const wchar_t *name;
    const wchar_t *value;
};

static struct entry entries[ENTRY_ROOM];
static size_t entry_count;

static wchar_t *read_file(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    DWORD size, got = 0;
    char *bytes;
    wchar_t *text;
    int length;

    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    size = GetFileSize(file, NULL);
    bytes = malloc(size + 1);
    ReadFile(file, bytes, size, &got, NULL);
    CloseHandle(file);
    length = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)got, NULL, 0);
    text = calloc((size_t)length + 1, sizeof(*text));
    MultiByteToWideChar(CP_UTF8, 0, bytes, (int)got, text, length);
    free(bytes);
    return text;
}

/* Drops carriage returns, so that a checkout with either line end works. */
static void drop_returns(wchar_t *text)
{
    wchar_t *to = text;

    for (const wchar_t *from = text; *from; from++)
        if (*from != L'\r')
            *to++ = *from;
    *to = L'\0';
}

/* Splits the file in place into keys and templates. */
static void split_entries(wchar_t *text)
{
    wchar_t *line = text;

    while (line && *line) {
        wchar_t *end = wcschr(line, L'\n');
        wchar_t *next = end ? end + 1 : NULL;
        if (wcsncmp(line, L"@@ ", 3) == 0 && entry_count < ENTRY_ROOM) {
            if (end)
                *end = L'\0';
            *line = L'\0';
            entries[entry_count].key = line + 3;
            entries[entry_count++].text = next ? next : L"";
        }
        line = next;
    }
}

void text_load(const wchar_t *tool)
{
    wchar_t directory[MAX_PATH], path[MAX_PATH];
    wchar_t *text;

    if (!GetEnvironmentVariableW(L"PORTKEEPER_LAB_FORMATS", directory, MAX_PATH))
        wcscpy(directory, LAB_DIRECTORY L"formats");
    _snwprintf(path, MAX_PATH - 1, L"%ls\\%ls", directory, tool);
    path[MAX_PATH - 1] = L'\0';
    text = read_file(path);
    if (!text) {
        fwprintf(stderr, L"%ls: the lab's format file %ls is missing\n", tool, path);
        ExitProcess(NO_FORMAT_FILE);
    }
    drop_returns(text);
    split_entries(text);
    rights_check();
}

const wchar_t *text_find(const wchar_t *key)
{
    for (size_t i = 0; i < entry_count; i++)
        if (wcscmp(entries[i].key, key) == 0)
            return entries[i].text;
    return NULL;
}

int text_number(const wchar_t *key, int fallback)
{
    const wchar_t *text = text_find(key);

    return text ? (int)wcstol(text, NULL, 0) : fallback;
}

static const wchar_t *argument_value(const struct argument *arguments, const wchar_t *name, size_t length)
{
    for (; arguments->name; arguments++)
        if (wcslen(arguments->name) == length && wcsncmp(arguments->name, name, length) == 0)
            return arguments->value ? arguments->value : L"";
    return L"";
}

static void write_padded(enum stream stream, const wchar_t *value, int right, size_t width)
{
    size_t length = wcslen(value);

    if (!right)
        text_raw(stream, value, length);
    for (size_t i = length; i < width; i++)
        text_raw(stream, L" ", 1);
    if (right)
        text_raw(stream, value, length);
}

/* Writes one {name:width} and returns the character behind its brace. */
static const wchar_t *write_field(enum stream stream, const wchar_t *at, const struct argument *arguments, int silent)
{
    size_t length = wcscspn(at, L":}");
    const wchar_t *width = at[length] == L':' ? at + length + 1 : NULL;
    int right = width && *width == L'>';
    size_t least = width ? wcstoul(width + right, NULL, 10) : 0;

    if (length && !silent)
        write_padded(stream, argument_value(arguments, at, length), right, least);
    at += wcscspn(at, L"}");
    return *at ? at + 1 : at;
}

static void render(enum stream stream, const wchar_t *at, const struct argument *arguments)
{
    int silent = 0;

    while (*at) {
        size_t plain = wcscspn(at, L"{\n");
        if (!silent)
            text_raw(stream, at, plain);
        at += plain;
        if (*at == L'\n') {
            if (!silent)
                text_raw(stream, L"\r\n", 2);
            at++;
        } else if (wcsncmp(at, L"{~}\n", 4) == 0) {
            at += 4;
        } else if (wcsncmp(at, L"{!", 2) == 0) {
            size_t length = wcscspn(at + 2, L"}");
            silent = length && !*argument_value(arguments, at + 2, length);
            at += length + 3;
        } else if (at[0] == L'{' && at[1] == L'{') {
            if (!silent)
                text_raw(stream, at, 1);
            at += 2;
        } else if (*at == L'{') {
            at = write_field(stream, at + 1, arguments, silent);
        }
    }
}

void text_write(enum stream stream, const wchar_t *key, ...)
{
    static const char missing[] = ": no such text in the lab's format file\r\n";
    struct argument arguments[ARGUMENT_ROOM + 1] = {{NULL, NULL}};
    const wchar_t *template = text_find(key);
    va_list list;

    if (!template) {
        text_raw(TO_STDERR, key, wcslen(key));
        text_bytes(TO_STDERR, missing, sizeof(missing) - 1);
        text_exit(NO_FORMAT_FILE);
    }
    va_start(list, key);
    for (size_t i = 0; i < ARGUMENT_ROOM; i++) {
        arguments[i].name = va_arg(list, const wchar_t *);
        if (!arguments[i].name)
            break;
        arguments[i].value = va_arg(list, const wchar_t *);
    }
    va_end(list);
    render(stream, template, arguments);
}

int text_has_switch(const wchar_t *name)
{
    const wchar_t *list = text_find(L"switches");
    size_t wanted = wcslen(name);

    while (list && *list) {
        size_t length = wcscspn(list, L"\n");
        if (length == wanted && _wcsnicmp(list, name, length) == 0)
            return 1;
        list += length + (list[length] == L'\n');
    }
    return 0;
}

void text_usage(void)
{
    text_write(TO_STDERR, USAGE_KEY, NULL);
    text_exit(text_number(L"exit.usage", 1));
}

void text_require_switch(const wchar_t *name)
{
    if (!text_has_switch(name))
        text_usage();
}

static wchar_t *number_buffer(void)
{
    static wchar_t buffers[NUMBER_BUFFERS][24];
    static unsigned next;

    return buffers[next++ % NUMBER_BUFFERS];
}

const wchar_t *decimal(unsigned long long value)
{
    wchar_t *buffer = number_buffer();

    _snwprintf(buffer, 24, L"%I64u", value);
    return buffer;
}

const wchar_t *hexadecimal(unsigned long long value)
{
    wchar_t *buffer = number_buffer();

    _snwprintf(buffer, 24, L"%I64x", value);
    return buffer;
}

const wchar_t *system_message(DWORD error)
{
    static wchar_t buffer[512];
    const wchar_t *own;
    wchar_t key[32];
    DWORD length;

    _snwprintf(key, 31, L"error.%lu", error);
    key[31] = L'\0';
    own = text_find(key);
    if (own) {
        length = (DWORD)wcscspn(own, L"\n");
        if (length > 511)
            length = 511;
        wmemcpy(buffer, own, length);
    } else {
        length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, buffer,
                                511, NULL);
    }
    while (length && buffer[length - 1] <= L' ')
        length--;
    buffer[length] = L'\0';
    return buffer;
}

int same_text(const wchar_t *left, const wchar_t *right)
{
    return _wcsicmp(left, right) == 0;
}

int starts_with(const wchar_t *text, const wchar_t *prefix)
{
    return _wcsnicmp(text, prefix, wcslen(prefix)) == 0;
}
