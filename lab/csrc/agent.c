/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* The agent inside the prefix: the supervisor's hand on the host.
 *
 * Frames in both directions over standard input and output, little endian:
 *     u32 length of the payload, u8 type, u32 id of the command, payload
 * One thread per command owns the command's process, job and pipes; the main thread only reads frames and hands
 * them on. Output is sent only against credit, so that a child whose output is not read blocks as on Windows.
 */
#include "agent.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define MAGIC "portkeeper agent 1"
#define FRAME_HEAD 9
#define FRAME_LIMIT (1024 * 1024)

static HANDLE frames_in, frames_out;
static CRITICAL_SECTION send_lock;
CRITICAL_SECTION command_lock;
static struct command *commands;

void die(void)
{
    ExitProcess(3);
}

void *grab(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        die();
    return memory;
}

static void write_all(const void *data, uint32_t size)
{
    const unsigned char *at = data;

    while (size) {
        DWORD written;
        if (!WriteFile(frames_out, at, size, &written, NULL))
            die();
        at += written;
        size -= written;
    }
}

static int read_all(void *data, uint32_t size)
{
    unsigned char *at = data;

    while (size) {
        DWORD got;
        if (!ReadFile(frames_in, at, size, &got, NULL) || !got)
            return 0;
        at += got;
        size -= got;
    }
    return 1;
}

void send_frame(enum answer type, uint32_t id, const void *payload, uint32_t size)
{
    unsigned char head[FRAME_HEAD];

    memcpy(head, &size, 4);
    head[4] = (unsigned char)type;
    memcpy(head + 5, &id, 4);
    EnterCriticalSection(&send_lock);
    write_all(head, sizeof(head));
    write_all(payload, size);
    LeaveCriticalSection(&send_lock);
}

void send_number(enum answer type, uint32_t id, uint32_t number)
{
    send_frame(type, id, &number, sizeof(number));
}

void leave_command(struct command *command)
{
    struct chunk *chunk;
    int users;

    EnterCriticalSection(&command_lock);
    users = --command->users;
    LeaveCriticalSection(&command_lock);
    if (users)
        return;
    while ((chunk = command->input.first)) {
        command->input.first = chunk->next;
        free(chunk);
    }
    CloseHandle(command->wake);
    free(command);
}

static struct command *find(uint32_t id)
{
    struct command *command = commands;

    while (command && command->id != id)
        command = command->next;
    return command;
}

static void forget(struct command *command)
{
    struct command **link = &commands;

    while (*link != command)
        link = &(*link)->next;
    *link = command->next;
}

static void run_thread(LPTHREAD_START_ROUTINE body, void *data)
{
    HANDLE thread = CreateThread(NULL, 0, body, data, 0, NULL);

    if (!thread)
        die();
    CloseHandle(thread);
}

/* Keeps the payload: the command's thread reads it. */
static void on_spawn(uint32_t id, unsigned char *payload, uint32_t size)
{
    struct command *command = grab(sizeof(*command));

    command->id = id;
    command->spawn = payload;
    command->spawn_size = size;
    command->kill_code = 1;
    command->input.last = &command->input.first;
    command->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    command->users = 2;
    command->next = commands;
    commands = command;
    run_thread(serve_command, command);
}

static void on_stdin(struct command *command, const unsigned char *payload, uint32_t size)
{
    struct chunk *chunk;

    command->input.end_wanted |= payload[0];
    if (size == 1)
        return;
    chunk = grab(sizeof(*chunk) + size);
    chunk->size = size - 1;
    memcpy(chunk->data, payload + 1, size - 1);
    *command->input.last = chunk;
    command->input.last = &chunk->next;
}

static void on_credit(struct command *command, const unsigned char *payload)
{
    uint32_t more;

    memcpy(&more, payload + 1, sizeof(more));
    command->output[payload[0] != 0].credit += more;
}

static void on_kill(struct command *command, const unsigned char *payload)
{
    memcpy(&command->kill_code, payload, sizeof(command->kill_code));
    command->kill_wanted = 1;
}

static void on_command_frame(uint8_t type, struct command *command, const unsigned char *payload, uint32_t size)
{
    if (!command)
        return;
    EnterCriticalSection(&command_lock);
    if (type == REQ_STDIN && size >= 1)
        on_stdin(command, payload, size);
    else if (type == REQ_CREDIT && size == 5)
        on_credit(command, payload);
    else if (type == REQ_KILL && size == 4)
        on_kill(command, payload);
    else if (type == REQ_CLOSE)
        command->close_wanted = 1;
    LeaveCriticalSection(&command_lock);
    SetEvent(command->wake);
    if (type == REQ_CLOSE) {
        forget(command);
        leave_command(command);
    }
}

static void serve_frames(void)
{
    unsigned char head[FRAME_HEAD];

    while (read_all(head, sizeof(head))) {
        uint32_t size, id;
        unsigned char *payload;

        memcpy(&size, head, 4);
        memcpy(&id, head + 5, 4);
        if (size > FRAME_LIMIT)
            return;
        payload = grab(size + 1);
        if (!read_all(payload, size))
            return;
        if (head[4] == REQ_SPAWN) {
            on_spawn(id, payload, size);
            continue;
        }
        if (head[4] == REQ_BOOT)
            run_thread(boot_host, (void *)(uintptr_t)id);
        else if (head[4] == REQ_SHUTDOWN)
            note_shutdown(id);
        else
            on_command_frame(head[4], find(id), payload, size);
        free(payload);
    }
}

int wmain(int count, wchar_t **arguments)
{
    if (count > 1 && !wcscmp(arguments[1], CONSOLE_VERB))
        return run_in_console();
    frames_in = GetStdHandle(STD_INPUT_HANDLE);
    frames_out = GetStdHandle(STD_OUTPUT_HANDLE);
    SetHandleInformation(frames_in, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(frames_out, HANDLE_FLAG_INHERIT, 0);
    InitializeCriticalSection(&send_lock);
    InitializeCriticalSection(&command_lock);
    prepare_starts();
    send_frame(ANS_HELLO, 0, MAGIC, sizeof(MAGIC) - 1);
    serve_frames();
    return 0;
}
