/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Serving one command: output against credit, input, the end, the kill.
 *
 * The exit is sent only when the process has ended AND what it had written has been sent: a read that is still
 * under way after the end means that the pipe is empty, even where a child of the command keeps it open.
 */
#include "agent.h"

#include <stdlib.h>
#include <string.h>

static int completed(HANDLE event)
{
    return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}

static void begin_read(struct output *output)
{
    DWORD size = output->credit < CHUNK ? output->credit : CHUNK;

    if (output->ended || output->pending || !size)
        return;
    memset(&output->under_way, 0, sizeof(output->under_way));
    output->under_way.hEvent = output->event;
    if (ReadFile(output->pipe, output->buffer, size, NULL, &output->under_way) || GetLastError() == ERROR_IO_PENDING)
        output->pending = 1;
    else
        output->ended = 1;
}

/* Sends what a completed read brought. */
static void end_read(struct command *command, int stream)
{
    struct output *output = &command->output[stream];
    unsigned char frame[1 + CHUNK];
    DWORD got;

    output->pending = 0;
    if (!GetOverlappedResult(output->pipe, &output->under_way, &got, FALSE)) {
        output->ended = 1;
        return;
    }
    if (!got)
        return;
    frame[0] = (unsigned char)stream;
    memcpy(frame + 1, output->buffer, got);
    EnterCriticalSection(&command_lock);
    output->credit -= got;
    LeaveCriticalSection(&command_lock);
    send_frame(ANS_OUTPUT, command->id, frame, got + 1);
}

static void drop_first(struct command *command)
{
    struct input *input = &command->input;
    struct chunk *chunk = input->first;

    input->first = chunk->next;
    if (!input->first)
        input->last = &input->first;
    send_number(ANS_STDIN_TAKEN, command->id, chunk->size);
    free(chunk);
}

static void close_input(struct input *input)
{
    if (input->pipe)
        CloseHandle(input->pipe);
    input->pipe = NULL;
}

/* Called with the lock held. A child that is gone or has closed its input takes everything and drops it. */
static void begin_write(struct command *command)
{
    struct input *input = &command->input;

    while (input->first && !input->pending) {
        memset(&input->under_way, 0, sizeof(input->under_way));
        input->under_way.hEvent = input->event;
        if (input->pipe && (WriteFile(input->pipe, input->first->data, input->first->size, NULL, &input->under_way) ||
                            GetLastError() == ERROR_IO_PENDING)) {
            input->pending = 1;
        } else {
            close_input(input);
            drop_first(command);
        }
    }
    if (!input->first && input->end_wanted)
        close_input(input);
}

static void end_write(struct command *command)
{
    struct input *input = &command->input;
    DWORD written;

    EnterCriticalSection(&command_lock);
    input->pending = 0;
    if (!GetOverlappedResult(input->pipe, &input->under_way, &written, FALSE))
        close_input(input);
    drop_first(command);
    LeaveCriticalSection(&command_lock);
}

static int drained(const struct output *output)
{
    return output->ended || (output->pending && !completed(output->event));
}

static void tell_exit(struct command *command)
{
    DWORD code;

    if (!command->exited || command->exit_sent || !drained(&command->output[0]) || !drained(&command->output[1]))
        return;
    command->exit_sent = 1;
    GetExitCodeProcess(command->process, &code);
    send_number(ANS_EXIT, command->id, code);
}

static int take_wishes(struct command *command)
{
    int going_on;

    EnterCriticalSection(&command_lock);
    if (command->kill_wanted || command->close_wanted)
        TerminateJobObject(command->job, command->kill_code);
    command->kill_wanted = 0;
    begin_read(&command->output[0]);
    begin_read(&command->output[1]);
    begin_write(command);
    going_on = !command->close_wanted;
    LeaveCriticalSection(&command_lock);
    return going_on;
}

static void wait_and_handle(struct command *command)
{
    struct input *input = &command->input;
    HANDLE handles[5] = {command->wake};
    DWORD count = 1, index;
    int stream;

    for (stream = 0; stream < 2; stream++)
        if (command->output[stream].pending)
            handles[count++] = command->output[stream].event;
    if (input->pending)
        handles[count++] = input->event;
    if (!command->exited)
        handles[count++] = command->process;
    index = WaitForMultipleObjects(count, handles, FALSE, INFINITE);
    if (index >= count)
        die();
    for (stream = 0; stream < 2; stream++)
        if (command->output[stream].pending && completed(command->output[stream].event))
            end_read(command, stream);
    if (input->pending && completed(input->event))
        end_write(command);
    if (handles[index] == command->process)
        command->exited = 1;
}

static void cancel(HANDLE pipe, OVERLAPPED *under_way, int pending)
{
    DWORD count;

    if (pending) {
        CancelIoEx(pipe, under_way);
        GetOverlappedResult(pipe, under_way, &count, TRUE);
    }
}

/* Closing the job kills what is left in it. */
static void release(struct command *command)
{
    int stream;

    for (stream = 0; stream < 2; stream++) {
        struct output *output = &command->output[stream];
        cancel(output->pipe, &output->under_way, output->pending);
        if (output->pipe)
            CloseHandle(output->pipe);
        CloseHandle(output->event);
    }
    cancel(command->input.pipe, &command->input.under_way, command->input.pending);
    close_input(&command->input);
    CloseHandle(command->input.event);
    if (command->process)
        CloseHandle(command->process);
    CloseHandle(command->job);
}

DWORD WINAPI serve_command(void *data)
{
    struct command *command = data;
    DWORD error;

    command->output[0].event = CreateEventW(NULL, TRUE, FALSE, NULL);
    command->output[1].event = CreateEventW(NULL, TRUE, FALSE, NULL);
    command->input.event = CreateEventW(NULL, TRUE, FALSE, NULL);
    error = start_command(command);
    if (error) {
        send_number(ANS_FAILED, command->id, error);
    } else {
        while (take_wishes(command)) {
            tell_exit(command);
            wait_and_handle(command);
        }
    }
    release(command);
    send_frame(ANS_CLOSED, command->id, NULL, 0);
    leave_command(command);
    return 0;
}
