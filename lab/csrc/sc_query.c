/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* sc query, queryex, enumdepend, start, stop, control. */
#include "sc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* What one entry takes of the caller's buffer on a 32-bit Windows: the structure and two texts. */
#define ENTRY_BYTES_QUERYEX 44
#define ENTRY_BYTES 36
#define WIDE_BYTES 2
#define BUFFER_LIMIT 262144
#define USER_CONTROL_LOWEST 128
#define USER_CONTROL_HIGHEST 255

struct selection {
    DWORD type, state, buffer_size, resume;
    const wchar_t *name;
};

static const wchar_t *list_line(const wchar_t *list, const wchar_t *from)
{
    const wchar_t *end;

    if (!from)
        return text_find(list);
    end = wcschr(from, L'\n');
    return end && end[1] ? end + 1 : NULL;
}

const wchar_t *sc_word(const wchar_t *list, DWORD value)
{
    static wchar_t word[4][96];
    static unsigned next;
    const wchar_t *line = NULL;

    while ((line = list_line(list, line)) != NULL) {
        wchar_t *rest;
        if (wcstoul(line, &rest, 0) == value && *rest == L' ') {
            wchar_t *copy = word[next++ % 4];
            size_t length = wcscspn(rest + 1, L"\n");
            length = length > 95 ? 95 : length;
            wmemcpy(copy, rest + 1, length);
            copy[length] = L'\0';
            return copy;
        }
    }
    return L"";
}

DWORD sc_number(const wchar_t *list, const wchar_t *word, DWORD fallback)
{
    const wchar_t *line = NULL;

    while ((line = list_line(list, line)) != NULL) {
        wchar_t *rest;
        DWORD value = wcstoul(line, &rest, 0);
        size_t length = wcscspn(rest + 1, L"\n");
        if (length == wcslen(word) && _wcsnicmp(rest + 1, word, length) == 0)
            return value;
    }
    return fallback;
}

static const wchar_t *flags_text(const SERVICE_STATUS_PROCESS *status)
{
    static wchar_t text[128];
    DWORD accepted = status->dwControlsAccepted;

    _snwprintf(text, 127, L"%ls,%ls,%ls", sc_word(L"accepts.stop", accepted & SERVICE_ACCEPT_STOP ? 1 : 0),
               sc_word(L"accepts.pause", accepted & SERVICE_ACCEPT_PAUSE_CONTINUE ? 1 : 0),
               sc_word(L"accepts.shutdown", accepted & SERVICE_ACCEPT_SHUTDOWN ? 1 : 0));
    text[127] = L'\0';
    return text;
}

void sc_record(const wchar_t *template, const wchar_t *name, const wchar_t *display,
               const SERVICE_STATUS_PROCESS *status)
{
    DWORD shown = status->dwServiceType & ~SERVICE_INTERACTIVE_PROCESS;

    text_write(TO_STDOUT, template, L"name", name, L"display", display, L"type", hexadecimal(status->dwServiceType),
               L"type_word", sc_word(L"type", shown), L"interactive",
               status->dwServiceType & SERVICE_INTERACTIVE_PROCESS ? L"1" : L"", L"state",
               decimal(status->dwCurrentState), L"state_word", sc_word(L"state", status->dwCurrentState), L"flags",
               flags_text(status), L"active", status->dwCurrentState == SERVICE_STOPPED ? L"" : L"1", L"win32",
               decimal(status->dwWin32ExitCode), L"win32_hex", hexadecimal(status->dwWin32ExitCode), L"specific",
               decimal(status->dwServiceSpecificExitCode), L"specific_hex",
               hexadecimal(status->dwServiceSpecificExitCode), L"checkpoint", hexadecimal(status->dwCheckPoint),
               L"hint", hexadecimal(status->dwWaitHint), L"pid", decimal(status->dwProcessId), NULL);
}

static void read_options(const wchar_t *command, int count, wchar_t **arguments, struct selection *selection)
{
    for (int i = 0; i < count; i += 2) {
        const wchar_t *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (!sc_is_option(command, arguments[i]) || !value)
            text_usage();
        if (same_text(arguments[i], L"type="))
            selection->type = sc_number(L"option.type", value, 0);
        else if (same_text(arguments[i], L"state="))
            selection->state = sc_number(L"option.state", value, 0);
        else if (same_text(arguments[i], L"bufsize="))
            selection->buffer_size = wcstoul(value, NULL, 10);
        else if (same_text(arguments[i], L"ri="))
            selection->resume = wcstoul(value, NULL, 10);
        if (!selection->type || !selection->state)
            text_usage();
    }
}

static size_t entry_size(const struct service *service, int extended)
{
    return (extended ? ENTRY_BYTES_QUERYEX : ENTRY_BYTES) +
           WIDE_BYTES * (wcslen(service->name) + wcslen(service->display) + 2);
}

/* Prints what fits the buffer; what does not is named with the index to resume at, exit code 234. */
static int print_list(struct service_list list, const wchar_t *record, const wchar_t *more, DWORD buffer_size,
                      DWORD from, int extended)
{
    size_t used = 0, needed = 0, shown = from;

    for (; shown < list.count; shown++) {
        size_t size = entry_size(&list.items[shown], extended);
        if (used + size > buffer_size)
            break;
        used += size;
        sc_record(record, list.items[shown].name, list.items[shown].display, &list.items[shown].status);
    }
    if (shown >= list.count)
        return 0;
    for (size_t i = shown; i < list.count; i++)
        needed += entry_size(&list.items[i], extended);
    text_write(TO_STDOUT, more, L"bytes", decimal(needed), L"index", decimal(shown), NULL);
    return ERROR_MORE_DATA;
}

int sc_query(const wchar_t *command, int count, wchar_t **arguments)
{
    int extended = same_text(command, L"queryex");
    const wchar_t *suffix = extended ? L"ex" : L"";
    struct selection selection = {SERVICE_WIN32, SERVICE_ACTIVE, (DWORD)text_number(L"buffer.default", 1024), 0, NULL};
    SERVICE_STATUS_PROCESS status;
    wchar_t record[32];
    DWORD error;

    if (count && !sc_is_option(command, arguments[0])) {
        selection.name = arguments[0];
        error = scm_status(selection.name, &status);
        if (error)
            return sc_failed(L"EnumQueryServicesStatus:OpenService", error);
        _snwprintf(record, 31, L"query%ls.record", suffix);
        sc_record(record, selection.name, L"", &status);
        return 0;
    }
    read_options(command, count, arguments, &selection);
    if (selection.buffer_size > BUFFER_LIMIT)
        return sc_failed(L"EnumQueryServicesStatus", ERROR_INVALID_PARAMETER);
    _snwprintf(record, 31, L"query%ls.entry", suffix);
    return print_list(scm_list(selection.type, selection.state), record, L"query.more", selection.buffer_size,
                      selection.resume, extended);
}

int sc_enumdepend(const wchar_t *command, int count, wchar_t **arguments)
{
    DWORD buffer_size = count > 1 ? wcstoul(arguments[1], NULL, 10) : (DWORD)text_number(L"buffer.default", 1024);
    SERVICE_STATUS_PROCESS status;
    struct service_list list;
    size_t used = 0, needed = 0, fit = 0;
    DWORD error = scm_status(arguments[0], &status);

    (void)command;
    if (error)
        return sc_failed(L"EnumDependentServices:OpenService", error);
    list = scm_dependents(arguments[0], 0);
    for (size_t i = 0; i < list.count; i++) {
        size_t size = entry_size(&list.items[i], 0);
        needed += size;
        if (used + size <= buffer_size && fit == i) {
            used += size;
            fit++;
        }
    }
    text_write(TO_STDOUT, L"enumdepend.head", L"count", decimal(fit), NULL);
    for (size_t i = 0; i < fit; i++)
        sc_record(L"enumdepend.entry", list.items[i].name, list.items[i].display, &list.items[i].status);
    if (fit == list.count)
        return 0;
    text_write(TO_STDOUT, L"enumdepend.more", L"bytes", decimal(needed), NULL);
    return ERROR_MORE_DATA;
}

int sc_start(const wchar_t *command, int count, wchar_t **arguments)
{
    SERVICE_STATUS_PROCESS status;
    DWORD error = scm_status(arguments[0], &status);

    (void)command;
    if (error)
        return sc_failed(L"StartService: OpenService", error);
    error = scm_start(arguments[0], (DWORD)count - 1, (const wchar_t **)arguments + 1);
    if (error)
        return sc_failed(L"StartService", error);
    scm_status(arguments[0], &status);
    sc_record(L"queryex.record", arguments[0], L"", &status);
    return 0;
}

int sc_stop(const wchar_t *command, int count, wchar_t **arguments)
{
    SERVICE_STATUS_PROCESS status;
    DWORD error = scm_status(arguments[0], &status);

    (void)command;
    (void)count;
    if (error)
        return sc_failed(L"OpenService", error);
    error = scm_stop(arguments[0]);
    if (error)
        return sc_failed(L"ControlService", error);
    scm_status(arguments[0], &status);
    sc_record(L"query.record", arguments[0], L"", &status);
    return 0;
}

int sc_control(const wchar_t *command, int count, wchar_t **arguments)
{
    const wchar_t *word = same_text(command, L"control") ? arguments[1] : command;
    DWORD code = sc_number(L"option.control", word, wcstoul(word, NULL, 10));
    SERVICE_STATUS_PROCESS status;
    SERVICE_STATUS plain;
    SC_HANDLE service;
    DWORD error;

    (void)count;
    if (!code || (code > SERVICE_CONTROL_NETBINDDISABLE && code < USER_CONTROL_LOWEST) || code > USER_CONTROL_HIGHEST)
        text_usage();
    service = OpenServiceW(scm_open(0), arguments[0], SERVICE_ALL_ACCESS);
    if (!service)
        return sc_failed(L"OpenService", GetLastError());
    if (!ControlService(service, code, &plain))
        return sc_failed(L"ControlService", GetLastError());
    error = scm_status(arguments[0], &status);
    sc_record(L"query.record", arguments[0], L"", &status);
    return (int)error;
}
