/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* schtasks: keeps the book of tasks; what is to run is left as a file that the lab's supervisor carries out. */
#include "labfile.h"
#include "question.h"
#include "registry.h"
#include "taskfile.h"
#include "text.h"
#include "toolbugs.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define TASKS LAB_DIRECTORY L"tasks\\"
#define STOPPED TASKS L"stopped"
#define COMMAND_ROOM 2048
#define COMMAND_LIMIT 261

static const wchar_t *const value_names[] = {L"/tn", L"/tr", L"/sc", L"/st", L"/sd", L"/ru", L"/rp", L"/fo", L"/xml"};
static const wchar_t *const flag_names[] = {L"/f", L"/nh", L"/v"};

struct options {
    const wchar_t *name, *command, *schedule, *time, *date, *user, *format, *file;
    int force, no_header;
};

struct verb {
    const wchar_t *name;
    int (*run)(struct options *options);
};

static int failed(const wchar_t *key, const wchar_t *name)
{
    text_write(TO_STDERR, key, L"name", name, NULL);
    return text_number(L"exit.failed", 1);
}

static void task_path(const wchar_t *name, wchar_t *path)
{
    _snwprintf(path, MAX_PATH - 1, TASKS L"%ls.txt", name);
    path[MAX_PATH - 1] = L'\0';
}

static int name_is_valid(const wchar_t *name)
{
    return name && *name && wcslen(name) < 200 && !wcspbrk(name, L"\\/:*?\"<>|\r\n");
}

/* HH:MM, and HH:MM:SS where the release takes it. */
static int time_is_valid(const wchar_t *text)
{
    unsigned hour, minute, second = 0;
    int used = 0;

    if (swscanf(text, L"%2u:%2u%n", &hour, &minute, &used) != 2)
        return 0;
    text += used;
    used = 0;
    if (*text && (!text_has_switch(L"st seconds") || swscanf(text, L":%2u%n", &second, &used) != 1))
        return 0;
    return !text[used] && hour < 24 && minute < 60 && second < 60;
}

static int is_past(const wchar_t *text)
{
    unsigned hour = 0, minute = 0;
    SYSTEMTIME now;

    GetLocalTime(&now);
    swscanf(text, L"%2u:%2u", &hour, &minute);
    return hour * 60 + minute < now.wHour * 60u + now.wMinute;
}

static int may(const wchar_t *question, const wchar_t *name)
{
    text_write(TO_STDOUT, question, L"name", name, NULL);
    return answered_yes();
}

static void require_value(const wchar_t *kind, const wchar_t *value)
{
    wchar_t key[64];

    _snwprintf(key, 63, L"%ls %ls", kind, value);
    key[63] = L'\0';
    text_require_switch(key);
}

/* Keeps a task in the book, unless one of its name is there and may not be replaced. */
static int keep(const struct options *options, const wchar_t *command, int on_battery)
{
    wchar_t path[MAX_PATH], text[COMMAND_ROOM + 512];

    if (!name_is_valid(options->name))
        return failed(L"bad_name", options->name);
    if (wcslen(command) > (size_t)text_number(L"limit.command", COMMAND_LIMIT))
        return failed(L"long_command", options->name);
    task_path(options->name, path);
    if (labfile_exists(path) && !options->force && !may(L"replace", options->name))
        return failed(L"not_replaced", options->name);
    _snwprintf(text, COMMAND_ROOM + 511, L"command=%ls\nschedule=%ls\nstart=%ls\ndate=%ls\nuser=%ls\nbattery=%ls\n", command,
               options->schedule, options->time ? options->time : L"", options->date ? options->date : L"",
               options->user ? options->user : L"", on_battery ? L"yes" : L"no");
    text[COMMAND_ROOM + 511] = L'\0';
    return labfile_write(path, text) ? failed(L"not_written", options->name) : 0;
}

static int create_from_file(struct options *options)
{
    struct task_file task;
    int error;

    if (!options->name || options->command || options->schedule || options->time || options->date)
        text_usage();
    if (tool_has_bug("schtasks_xml") || !taskfile_read(options->file, &task))
        return failed(L"bad_file", options->name);
    options->schedule = L"onstart";
    options->user = L"SYSTEM";
    error = keep(options, task.command, task.on_battery);
    if (!error)
        text_write(TO_STDOUT, L"create.done", L"name", options->name, NULL);
    return error;
}

static int create(struct options *options)
{
    int needs_time = options->schedule && !same_text(options->schedule, L"onstart"), error;

    if (options->file)
        return create_from_file(options);
    if (!options->name || !options->command || !options->schedule || (needs_time && !options->time))
        text_usage();
    require_value(L"sc", options->schedule);
    if (options->time && !time_is_valid(options->time))
        return failed(L"bad_time", options->time);
    /* Made by switches, a task runs on mains power only. */
    error = keep(options, options->command, 0);
    if (error)
        return error;
    if (options->user && same_text(options->user, L"SYSTEM"))
        text_write(TO_STDOUT, L"create.user", L"name", options->name, NULL);
    if (needs_time && !options->date && is_past(options->time))
        text_write(TO_STDOUT, L"create.past", L"name", options->name, NULL);
    text_write(TO_STDOUT, L"create.done", L"name", options->name, NULL);
    return 0;
}

static int find_task(const struct options *options, wchar_t *path)
{
    if (!options->name)
        text_usage();
    if (!name_is_valid(options->name))
        return 0;
    task_path(options->name, path);
    return labfile_exists(path);
}

/* Leaves a file for the supervisor in a folder beside the tasks. */
static DWORD leave_request(const wchar_t *folder, const wchar_t *name, const wchar_t *text)
{
    wchar_t path[MAX_PATH], line[COMMAND_ROOM + 1];

    _snwprintf(path, MAX_PATH - 1, TASKS L"%ls", folder);
    CreateDirectoryW(path, NULL);
    _snwprintf(path, MAX_PATH - 1, TASKS L"%ls\\%ls.%lu-%lu.txt", folder, name, GetCurrentProcessId(), GetTickCount());
    path[MAX_PATH - 1] = L'\0';
    _snwprintf(line, COMMAND_ROOM, L"%ls\n", text);
    line[COMMAND_ROOM] = L'\0';
    return labfile_write(path, line);
}

static int run(struct options *options)
{
    wchar_t path[MAX_PATH], command[COMMAND_ROOM], battery[8] = L"";

    if (!find_task(options, path) || !labfile_value(path, L"command", command, COMMAND_ROOM))
        return failed(L"no_task", options->name);
    labfile_value(path, L"battery", battery, 8);
    /* Asked to run a task that waits for mains power, Windows says yes. */
    if ((same_text(battery, L"yes") || !registry_dword(LAB_KEY, L"OnBattery", 0)) &&
        leave_request(L"run", options->name, command))
        return failed(L"not_written", options->name);
    text_write(TO_STDOUT, L"run.done", L"name", options->name, NULL);
    return 0;
}

static int end(struct options *options)
{
    wchar_t path[MAX_PATH];

    if (!find_task(options, path))
        return failed(L"no_task", options->name);
    if (leave_request(L"end", options->name, options->name))
        return failed(L"not_written", options->name);
    text_write(TO_STDOUT, L"end.done", L"name", options->name, NULL);
    return 0;
}

static int delete(struct options *options)
{
    wchar_t path[MAX_PATH];

    if (!find_task(options, path))
        return failed(L"no_task", options->name);
    if (!options->force && !may(L"delete.ask", options->name))
        return text_number(L"exit.failed", 1);
    if (!DeleteFileW(path))
        return failed(L"not_written", options->name);
    text_write(TO_STDOUT, L"delete.done", L"name", options->name, NULL);
    return 0;
}

/* The word for a task without a time, the first line of its text. */
static const wchar_t *never(void)
{
    static wchar_t word[32];
    const wchar_t *text = text_find(L"never");

    wcsncpy(word, text ? text : L"", 31);
    word[wcscspn(word, L"\n")] = L'\0';
    return word;
}

static void print_task(const wchar_t *row, wchar_t *file)
{
    wchar_t path[MAX_PATH], start[64] = L"", date[64] = L"", next[160];

    _snwprintf(path, MAX_PATH - 1, TASKS L"%ls", file);
    path[MAX_PATH - 1] = L'\0';
    labfile_value(path, L"start", start, 64);
    labfile_value(path, L"date", date, 64);
    file[wcslen(file) - wcslen(L".txt")] = L'\0';
    _snwprintf(next, 159, *date ? L"%ls, %ls" : L"%ls", start, date);
    next[159] = L'\0';
    text_write(TO_STDOUT, row, L"name", file, L"next", *start ? next : never(), NULL);
}

static int query(struct options *options)
{
    const wchar_t *format = options->format ? options->format : L"table";
    wchar_t row[32], head[32];
    WIN32_FIND_DATAW found;
    HANDLE search;
    int printed = 0;

    require_value(L"fo", format);
    _snwprintf(row, 31, L"query.%ls", format);
    _snwprintf(head, 31, L"query.%ls.head", format);
    _wcslwr(row);
    _wcslwr(head);
    search = FindFirstFileW(TASKS L"*.txt", &found);
    for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
        if (!printed++ && !options->no_header)
            text_write(TO_STDOUT, head, NULL);
        print_task(row, found.cFileName);
    }
    if (!printed)
        text_write(TO_STDOUT, L"query.none", NULL);
    return 0;
}

static const struct verb verbs[] = {
    {L"/create", create}, {L"/run", run}, {L"/end", end}, {L"/delete", delete}, {L"/query", query},
};

static int is_one_of(const wchar_t *name, const wchar_t *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_text(name, names[i]))
            return 1;
    return 0;
}

static void set_option(const wchar_t *name, const wchar_t *value, struct options *options)
{
    if (same_text(name, L"/tn"))
        options->name = value;
    else if (same_text(name, L"/tr"))
        options->command = value;
    else if (same_text(name, L"/sc"))
        options->schedule = value;
    else if (same_text(name, L"/st"))
        options->time = value;
    else if (same_text(name, L"/sd"))
        options->date = value;
    else if (same_text(name, L"/ru"))
        options->user = *value ? value : L"SYSTEM";
    else if (same_text(name, L"/fo"))
        options->format = value;
    else if (same_text(name, L"/xml"))
        options->file = value;
    else if (same_text(name, L"/f"))
        options->force = 1;
    else if (same_text(name, L"/nh"))
        options->no_header = 1;
}

static void read_options(int count, wchar_t **arguments, struct options *options)
{
    wchar_t key[64];

    for (int i = 2; i < count; i++) {
        const wchar_t *name = arguments[i], *value = L"";
        _snwprintf(key, 63, L"%ls %ls", arguments[1], name);
        key[63] = L'\0';
        text_require_switch(key);
        if (is_one_of(name, value_names, sizeof(value_names) / sizeof(*value_names))) {
            if (++i == count)
                text_usage();
            value = arguments[i];
        } else if (!is_one_of(name, flag_names, sizeof(flag_names) / sizeof(*flag_names))) {
            text_usage();
        }
        set_option(name, value, options);
    }
}

int wmain(int count, wchar_t **arguments)
{
    struct options options = {0};

    text_load(L"schtasks");
    if (count < 2)
        text_usage();
    text_require_switch(arguments[1]);
    read_options(count, arguments, &options);
    CreateDirectoryW(TASKS, NULL);
    if (labfile_exists(STOPPED))
        text_exit(failed(L"service_stopped", L""));
    for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
        if (same_text(arguments[1], verbs[i].name))
            text_exit(verbs[i].run(&options));
    text_usage();
    return 0;
}
