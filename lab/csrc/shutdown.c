/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* shutdown: leaves a request that the lab carries out; returns at once. */
#include "labfile.h"
#include "text.h"

#include <wchar.h>

#define REQUEST LAB_DIRECTORY L"shutdown-request"
#define DEFAULT_SECONDS 30
#define MOST_SECONDS 600
#define COMMENT_LIMIT 127

struct options {
    wchar_t action; /* r, s or a */
    unsigned long seconds;
};

static int failed(const wchar_t *key, int fallback)
{
    wchar_t exit_key[32];

    text_write(TO_STDERR, key, NULL);
    _snwprintf(exit_key, 31, L"exit.%ls", key);
    exit_key[31] = L'\0';
    return text_number(exit_key, fallback);
}

static void read_value(wchar_t letter, const wchar_t *value, struct options *options)
{
    wchar_t *end;

    if (!value)
        text_usage();
    if (letter == L'c' && wcslen(value) > COMMENT_LIMIT)
        text_usage();
    if (letter != L't')
        return;
    options->seconds = wcstoul(value, &end, 10);
    if (end == value || *end || options->seconds > MOST_SECONDS)
        text_usage();
}

static void read_options(int count, wchar_t **arguments, struct options *options)
{
    for (int i = 1; i < count; i++) {
        const wchar_t *argument = arguments[i];
        wchar_t letter = (argument[0] == L'-' || argument[0] == L'/') ? (wchar_t)towlower(argument[1]) : 0;
        wchar_t name[2] = {letter, 0};
        if (!letter || argument[2])
            text_usage();
        text_require_switch(name);
        if (wcschr(L"rsa", letter)) {
            if (options->action)
                text_usage();
            options->action = letter;
        } else if (wcschr(L"tcd", letter)) {
            read_value(letter, i + 1 < count ? arguments[i + 1] : NULL, options);
            i++;
        }
    }
}

int wmain(int count, wchar_t **arguments)
{
    struct options options = {0, DEFAULT_SECONDS};
    wchar_t line[64];

    text_load(L"shutdown");
    read_options(count, arguments, &options);
    if (!options.action)
        text_usage();
    if (options.action == L'a')
        text_exit(DeleteFileW(REQUEST) ? 0 : failed(L"none", ERROR_NO_SHUTDOWN_IN_PROGRESS));
    if (labfile_exists(REQUEST))
        text_exit(failed(L"pending", ERROR_SHUTDOWN_IN_PROGRESS));
    _snwprintf(line, 63, L"%lu %lc\n", options.seconds, (wint_t)options.action);
    line[63] = L'\0';
    text_exit((int)labfile_write(REQUEST, line));
    return 0;
}
