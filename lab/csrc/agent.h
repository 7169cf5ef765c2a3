/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* What the parts of the agent share: frames, commands, host events. */
#ifndef PORTKEEPER_AGENT_H
#define PORTKEEPER_AGENT_H

#include <winsock2.h>
#include <windows.h>

#include <stdint.h>

#define CHUNK 16384
#define FLAG_SKIP_SHELL 1u
/* No pipes: the streams are NUL, as a scheduled task has them. */
#define FLAG_NO_STREAMS 2u
/* For a user who is no administrator. */
#define FLAG_LIMITED 4u
/* Each piece of input is a read of its own: Wine's cmd takes the first line of what it reads and drops the rest. */
#define FLAG_INPUT_BY_READ 8u

enum request { REQ_SPAWN = 1, REQ_STDIN, REQ_CREDIT, REQ_KILL, REQ_CLOSE, REQ_BOOT, REQ_SHUTDOWN };
enum answer { ANS_HELLO = 1, ANS_STARTED, ANS_FAILED, ANS_OUTPUT, ANS_STDIN_TAKEN, ANS_EXIT, ANS_CLOSED, ANS_DONE };

/* A read end with at most one read under way. */
struct output {
    HANDLE pipe, event;
    OVERLAPPED under_way;
    int pending, ended;
    uint32_t credit;
    unsigned char buffer[CHUNK];
};

struct chunk {
    struct chunk *next;
    uint32_t size;
    unsigned char data[];
};

/* A write end with at most one write under way. */
struct input {
    HANDLE pipe, event;
    OVERLAPPED under_way;
    int pending, end_wanted;
    struct chunk *first, **last;
};

/* One command; its own thread owns everything but what command_lock guards: credit, the input's chunks, the wishes,
 * and the count of those who still use the struct (the main thread and the command's own). */
struct command {
    struct command *next;
    uint32_t id;
    unsigned char *spawn;
    uint32_t spawn_size;
    HANDLE wake, process, job;
    struct output output[2];
    struct input input;
    int no_streams, limited, input_by_read, exited, exit_sent, kill_wanted, close_wanted;
    uint32_t kill_code;
    int users;
};

/* agent.c: the frames, and the end of a command's struct. Running out of memory or losing the supervisor ends the agent. */
extern CRITICAL_SECTION command_lock;
void die(void);
void *grab(size_t size);
void send_frame(enum answer type, uint32_t id, const void *payload, uint32_t size);
void send_number(enum answer type, uint32_t id, uint32_t number);
void leave_command(struct command *command);

/* The first argument with which the agent's program only sets a code page and runs the rest of its command line. */
#define CONSOLE_VERB L"in-console"

/* agent_start.c: starts the process that command->spawn asks for; returns 0 or the Win32 error.
 * run_in_console does what CONSOLE_VERB says and returns the exit code. */
void prepare_starts(void);
DWORD start_command(struct command *command);
int run_in_console(void);

/* agent_rights.c: the token of a user who is no administrator; locks the registry's keys against him first. The calls must
 * not overlap. */
HANDLE limited_token(void);

/* agent_pump.c: serves a command until it is closed; a thread's body. */
DWORD WINAPI serve_command(void *data);

/* agent_boot.c: what the host does when it goes down and when it has come up; answers with ANS_DONE. */
DWORD WINAPI boot_host(void *id);
void note_shutdown(uint32_t id);

#endif
