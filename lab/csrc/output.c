/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "output.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE 65536

struct buffer {
    char bytes[BUFFER_SIZE];
    size_t used;
};

static struct buffer buffers[2];

unsigned output_code_page(void)
{
    unsigned page = GetConsoleOutputCP();

    return page ? page : GetOEMCP();
}

static void flush_one(enum stream stream)
{
    HANDLE handle = GetStdHandle(stream == TO_STDOUT ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
    struct buffer *buffer = &buffers[stream];
    size_t done = 0;

    while (done < buffer->used) {
        DWORD written = 0;
        if (!WriteFile(handle, buffer->bytes + done, (DWORD)(buffer->used - done), &written, NULL) || !written)
            break;
        done += written;
    }
    buffer->used = 0;
}

void text_flush(void)
{
    flush_one(TO_STDOUT);
    flush_one(TO_STDERR);
}

void text_exit(int code)
{
    text_flush();
    ExitProcess((UINT)code);
}

void text_bytes(enum stream stream, const char *bytes, size_t length)
{
    struct buffer *buffer = &buffers[stream];

    while (length) {
        size_t part = BUFFER_SIZE - buffer->used;
        if (part > length)
            part = length;
        memcpy(buffer->bytes + buffer->used, bytes, part);
        buffer->used += part;
        bytes += part;
        length -= part;
        if (buffer->used == BUFFER_SIZE)
            flush_one(stream);
    }
}

static int is_ascii(const wchar_t *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] > 126)
            return 0;
    return 1;
}

void text_raw(enum stream stream, const wchar_t *text, size_t length)
{
    char small[1024];
    int room, size;
    char *bytes;

    if (!length)
        return;
    if (length <= sizeof(small) && is_ascii(text, length)) {
        for (size_t i = 0; i < length; i++)
            small[i] = (char)text[i];
        text_bytes(stream, small, length);
        return;
    }
    room = (int)length * 4;
    bytes = malloc((size_t)room);
    size = WideCharToMultiByte(output_code_page(), 0, text, (int)length, bytes, room, NULL, NULL);
    text_bytes(stream, bytes, (size_t)size);
    free(bytes);
}
