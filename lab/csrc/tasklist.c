/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* tasklist: the processes, as a table, a list or comma separated. */
#include "scm.h"
#include "text.h"

#include <psapi.h>
#include <stdlib.h>
#include <tlhelp32.h>
#include <wchar.h>

#define SERVICES_ROOM 4096
#define KIB 1024

struct options {
    const wchar_t *format;
    int no_header, services;
    const wchar_t *image, *pid;
    int image_not;
};

/* "5,612": the number with a separator between thousands. */
static const wchar_t *grouped(unsigned long long value)
{
    static wchar_t text[32];
    const wchar_t *digits = decimal(value);
    size_t length = wcslen(digits), to = 0;

    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text[to++] = text_find(L"thousands")[0];
        text[to++] = digits[i];
    }
    text[to] = L'\0';
    return text;
}

static unsigned long long memory_kib(DWORD pid)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, pid);
    PROCESS_MEMORY_COUNTERS counters = {0};

    if (!process)
        return 0;
    GetProcessMemoryInfo(process, &counters, sizeof(counters));
    CloseHandle(process);
    return counters.WorkingSetSize / KIB;
}

static const wchar_t *hosted(const struct service_list *services, DWORD pid)
{
    static wchar_t text[SERVICES_ROOM];
    size_t length = 0;

    text[0] = L'\0';
    for (size_t i = 0; i < services->count; i++) {
        const struct service *s = &services->items[i];
        if (s->status.dwProcessId != pid || length + wcslen(s->name) + 2 > SERVICES_ROOM)
            continue;
        if (length)
            text[length++] = L',';
        wcscpy(text + length, s->name);
        length += wcslen(s->name);
    }
    return length ? text : text_find(L"none_word");
}

/* The first line of a one-line text. */
static const wchar_t *one_line(const wchar_t *text)
{
    static wchar_t line[SERVICES_ROOM];
    size_t length = wcscspn(text, L"\n");

    length = length < SERVICES_ROOM - 1 ? length : SERVICES_ROOM - 1;
    wmemcpy(line, text, length);
    line[length] = L'\0';
    return line;
}

/* Reads a filter such as "imagename eq dns.exe" or "pid eq 464". */
static void read_filter(wchar_t *filter, struct options *options)
{
    wchar_t *property = wcstok(filter, L" ");
    wchar_t *comparison = wcstok(NULL, L" ");
    wchar_t *value = wcstok(NULL, L"");

    if (!property || !comparison || !value || (!same_text(comparison, L"eq") && !same_text(comparison, L"ne"))) {
        text_write(TO_STDERR, L"bad_filter", NULL);
        text_exit(text_number(L"exit.usage", 1));
        return;
    }
    if (same_text(property, L"imagename")) {
        options->image = value;
        options->image_not = same_text(comparison, L"ne");
    } else if (same_text(property, L"pid") && same_text(comparison, L"eq")) {
        options->pid = value;
    } else {
        text_write(TO_STDERR, L"bad_filter", NULL);
        text_exit(text_number(L"exit.usage", 1));
    }
}

static void read_options(int count, wchar_t **arguments, struct options *options)
{
    for (int i = 1; i < count; i++) {
        wchar_t *name = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        wchar_t key[32];
        text_require_switch(name);
        if (same_text(name, L"/nh")) {
            options->no_header = 1;
        } else if (same_text(name, L"/svc")) {
            options->services = 1;
        } else if (!value) {
            text_usage();
        } else if (same_text(name, L"/fo")) {
            _snwprintf(key, 31, L"/fo %ls", value);
            key[31] = L'\0';
            text_require_switch(key);
            options->format = value;
            i++;
        } else if (same_text(name, L"/fi")) {
            read_filter(value, options);
            i++;
        }
    }
}

/* A name that ends with "*" stands for everything that begins so. */
static int image_matches(const wchar_t *pattern, const wchar_t *image)
{
    size_t length = wcslen(pattern);

    if (length && pattern[length - 1] == L'*')
        return _wcsnicmp(pattern, image, length - 1) == 0;
    return same_text(pattern, image);
}

static int is_wanted(const PROCESSENTRY32W *process, const struct options *options)
{
    if (options->image && image_matches(options->image, process->szExeFile) == options->image_not)
        return 0;
    return !options->pid || process->th32ProcessID == wcstoul(options->pid, NULL, 10);
}

struct printer {
    const struct options *options;
    struct service_list services;
    wchar_t row[32], head[32];
    int printed;
};

static void print_process(const PROCESSENTRY32W *process, struct printer *printer)
{
    if (!is_wanted(process, printer->options))
        return;
    if (!printer->printed++ && !printer->options->no_header)
        text_write(TO_STDOUT, printer->head, NULL);
    text_write(TO_STDOUT, printer->row, L"image", process->szExeFile, L"pid", decimal(process->th32ProcessID),
               L"memory", grouped(memory_kib(process->th32ProcessID)), L"services",
               one_line(hosted(&printer->services, process->th32ProcessID)), NULL);
}

/* The two that are no programs, from "@@ pseudo" (lines "pid name"): Wine has neither. */
static void print_pseudo(struct printer *printer)
{
    PROCESSENTRY32W process = {.dwSize = sizeof(process)};
    const wchar_t *line = text_find(L"pseudo");

    while (line && *line) {
        size_t length = wcscspn(line, L"\n");
        wchar_t *name;
        process.th32ProcessID = wcstoul(line, &name, 10);
        _snwprintf(process.szExeFile, MAX_PATH - 1, L"%.*ls", (int)(line + length - name) - 1, name + 1);
        print_process(&process, printer);
        line += length + (line[length] == L'\n');
    }
}

int wmain(int count, wchar_t **arguments)
{
    struct options options = {L"table", 0, 0, NULL, NULL, 0};
    struct printer printer = {.options = &options};
    PROCESSENTRY32W process = {.dwSize = sizeof(process)};
    HANDLE snapshot;

    text_load(L"tasklist");
    read_options(count, arguments, &options);
    _snwprintf(printer.row, 31, L"%ls.%ls", options.format, options.services ? L"services" : L"row");
    _snwprintf(printer.head, 31, L"%ls.%lshead", options.format, options.services ? L"services." : L"");
    _wcslwr(printer.row);
    _wcslwr(printer.head);
    if (options.services)
        printer.services = scm_list(SERVICE_WIN32, SERVICE_ACTIVE);
    print_pseudo(&printer);
    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(snapshot, &process); more; more = Process32NextW(snapshot, &process))
        print_process(&process, &printer);
    if (!printer.printed) {
        text_write(TO_STDOUT, L"no_match", NULL);
        text_exit(text_number(L"exit.none", 0));
    }
    text_exit(0);
    return 0;
}
