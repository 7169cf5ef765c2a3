/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Starting a command: its pipes, its job, its environment. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIPE_ROOM 4096

static CRITICAL_SECTION spawn_lock;

void prepare_starts(void)
{
    InitializeCriticalSection(&spawn_lock);
}

/* Takes a length-prefixed UTF-8 text from the spawn frame; the result ends in two NULs, for environment blocks. */
static wchar_t *take_text(const unsigned char **at, const unsigned char *end)
{
    uint32_t size = 0;
    wchar_t *text;
    int length;

    if (end - *at >= 4) {
        memcpy(&size, *at, 4);
        *at += 4;
    }
    if (size > (uint32_t)(end - *at))
        die();
    text = grab((size + 2) * sizeof(wchar_t));
    length = size ? MultiByteToWideChar(CP_UTF8, 0, (const char *)*at, (int)size, text, (int)size) : 0;
    text[length] = 0;
    *at += size;
    return text;
}

static int same_name(const wchar_t *one, const wchar_t *other)
{
    size_t length = wcscspn(one + 1, L"=") + 1;

    return length == wcscspn(other + 1, L"=") + 1 && !_wcsnicmp(one, other, length);
}

static int in_block(const wchar_t *block, const wchar_t *entry)
{
    for (; *block; block += wcslen(block) + 1)
        if (same_name(block, entry))
            return 1;
    return 0;
}

static size_t append(wchar_t *block, size_t length, const wchar_t *entry)
{
    wcscpy(block + length, entry);
    return length + wcslen(entry) + 1;
}

/* The agent's own environment with the entries of `extra` added or replaced. */
static wchar_t *environment_with(const wchar_t *extra)
{
    wchar_t *own = GetEnvironmentStringsW(), *block;
    const wchar_t *entry;
    size_t room = 2, length = 0;

    for (entry = own; *entry; entry += wcslen(entry) + 1)
        room += wcslen(entry) + 1;
    for (entry = extra; *entry; entry += wcslen(entry) + 1)
        room += wcslen(entry) + 1;
    block = grab(room * sizeof(wchar_t));
    for (entry = own; *entry; entry += wcslen(entry) + 1)
        if (!in_block(extra, entry))
            length = append(block, length, entry);
    for (entry = extra; *entry; entry += wcslen(entry) + 1)
        length = append(block, length, entry);
    FreeEnvironmentStringsW(own);
    return block;
}

/* A pipe whose near end is overlapped and whose far end the child inherits. Without room a write lasts until it is read. */
static HANDLE make_pipe(DWORD near_access, DWORD room, HANDLE *far_end)
{
    static LONG serial;
    SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};
    DWORD far_access = near_access == PIPE_ACCESS_INBOUND ? GENERIC_WRITE : GENERIC_READ;
    wchar_t name[64];
    HANDLE near_end;

    _snwprintf(name, 63, L"\\\\.\\pipe\\portkeeper-%lu-%ld", GetCurrentProcessId(), InterlockedIncrement(&serial));
    name[63] = 0;
    near_end = CreateNamedPipeW(name, near_access | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, room, room, 0, NULL);
    *far_end = CreateFileW(name, far_access | FILE_READ_ATTRIBUTES, 0, &inherited, OPEN_EXISTING, 0, NULL);
    if (near_end == INVALID_HANDLE_VALUE || *far_end == INVALID_HANDLE_VALUE)
        die();
    return near_end;
}

static HANDLE open_null(void)
{
    SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};

    return CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
                       OPEN_EXISTING, 0, NULL);
}

static HANDLE make_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    HANDLE job = CreateJobObjectW(NULL, NULL);

    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (!job || !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits)))
        die();
    return job;
}

static void open_streams(struct command *command, STARTUPINFOW *startup)
{
    if (command->no_streams) {
        command->output[0].ended = command->output[1].ended = 1;
        startup->hStdInput = open_null();
        startup->hStdOutput = open_null();
        startup->hStdError = open_null();
        return;
    }
    command->output[0].pipe = make_pipe(PIPE_ACCESS_INBOUND, PIPE_ROOM, &startup->hStdOutput);
    command->output[1].pipe = make_pipe(PIPE_ACCESS_INBOUND, PIPE_ROOM, &startup->hStdError);
    command->input.pipe = make_pipe(PIPE_ACCESS_OUTBOUND, command->input_by_read ? 0 : PIPE_ROOM, &startup->hStdInput);
}

/* Creates the process suspended (without a token: with the agent's own), puts it into its job and lets it run; returns 0 or the Win32 error. */
static DWORD create_process(struct command *command, wchar_t *line, wchar_t *directory, wchar_t *environment)
{
    STARTUPINFOW startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION made;
    HANDLE token = command->limited ? limited_token() : NULL;
    DWORD error = 0;
    DWORD flags = CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | CREATE_NO_WINDOW;

    command->job = make_job();
    open_streams(command, &startup);
    if (CreateProcessAsUserW(token, NULL, line, NULL, NULL, TRUE, flags, environment, *directory ? directory : NULL,
                             &startup, &made)) {
        AssignProcessToJobObject(command->job, made.hProcess);
        ResumeThread(made.hThread);
        CloseHandle(made.hThread);
        command->process = made.hProcess;
        send_number(ANS_STARTED, command->id, made.dwProcessId);
    } else {
        error = GetLastError();
    }
    CloseHandle(startup.hStdInput);
    CloseHandle(startup.hStdOutput);
    CloseHandle(startup.hStdError);
    return error;
}

/* Replaces a line by itself with something before it. */
static void put_before(const wchar_t *beginning, wchar_t **line)
{
    wchar_t *whole = grab((wcslen(beginning) + wcslen(*line) + 1) * sizeof(wchar_t));

    wcscpy(whole, beginning);
    wcscat(whole, *line);
    free(*line);
    *line = whole;
}

/* A new console has the OEM code page. For any other one, this program goes in between and sets it. */
static void put_console_before(uint32_t codepage, wchar_t **line)
{
    wchar_t program[MAX_PATH], beginning[MAX_PATH + 64];

    if (!codepage || codepage == GetOEMCP())
        return;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    _snwprintf(beginning, MAX_PATH + 63, L"\"%ls\" " CONSOLE_VERB L" %lu ", program, (unsigned long)codepage);
    beginning[MAX_PATH + 63] = 0;
    put_before(beginning, line);
}

int run_in_console(void)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION made;
    wchar_t *line = wcsstr(GetCommandLineW(), L" " CONSOLE_VERB L" ") + wcslen(CONSOLE_VERB) + 2;
    UINT codepage = (UINT)wcstoul(line, &line, 10);
    DWORD code;

    SetConsoleCP(codepage);
    SetConsoleOutputCP(codepage);
    if (!CreateProcessW(NULL, line + 1, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made))
        return (int)GetLastError();
    WaitForSingleObject(made.hProcess, INFINITE);
    GetExitCodeProcess(made.hProcess, &code);
    return (int)code;
}

/* Inheritable far ends must not leak into another command's child: one start at a time. */
DWORD start_command(struct command *command)
{
    const unsigned char *at = command->spawn, *end = at + command->spawn_size;
    wchar_t *line, *directory, *extra, *environment;
    uint32_t flags, codepage;
    DWORD error;

    if (command->spawn_size < 8)
        die();
    memcpy(&flags, at, 4);
    memcpy(&codepage, at + 4, 4);
    at += 8;
    line = take_text(&at, end);
    directory = take_text(&at, end);
    extra = take_text(&at, end);
    environment = environment_with(extra);
    command->no_streams = (flags & FLAG_NO_STREAMS) != 0;
    command->limited = (flags & FLAG_LIMITED) != 0;
    command->input_by_read = (flags & FLAG_INPUT_BY_READ) != 0;
    if (!(flags & FLAG_SKIP_SHELL))
        put_before(L"cmd.exe /C ", &line);
    put_console_before(codepage, &line);
    EnterCriticalSection(&spawn_lock);
    error = create_process(command, line, directory, environment);
    LeaveCriticalSection(&spawn_lock);
    free(line);
    free(directory);
    free(extra);
    free(environment);
    free(command->spawn);
    return error;
}
