/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* fc: compares two files, byte by byte with /b, else line by line in the loose way of Windows. */
#include "labfile.h"
#include "text.h"
#include "toolbugs.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define READ_STEP 65536
#define BUG_STEP 128
#define HELD L"C:\\windows\\portkeeper-lab\\fc-waits"
#define POLL_MS 50

struct content {
    unsigned char *bytes;
    size_t length;
};

static struct content read_all(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    struct content content = {NULL, 0};
    DWORD got;

    if (file == INVALID_HANDLE_VALUE) {
        text_write(TO_STDERR, L"cannot_open", L"name", path, NULL);
        text_exit(text_number(L"exit.missing", 2));
    }
    do {
        content.bytes = realloc(content.bytes, content.length + READ_STEP);
        got = 0;
        if (!ReadFile(file, content.bytes + content.length, READ_STEP, &got, NULL))
            break;
        content.length += got;
    } while (got);
    CloseHandle(file);
    return content;
}

/* What a comparison of text sees: runs of blanks are one blank, and an old release passes over every 128th byte. */
static struct content loosened(struct content content)
{
    struct content seen = {calloc(content.length + 1, 1), 0};
    int skips = tool_has_bug("fc_every_128th");

    for (size_t at = 0; at < content.length; at++) {
        unsigned char byte = content.bytes[at] == '\t' ? ' ' : content.bytes[at];
        if (byte == '\r' || (byte == ' ' && seen.length && seen.bytes[seen.length - 1] == ' '))
            continue;
        seen.bytes[seen.length++] = skips && at % BUG_STEP == BUG_STEP - 1 ? '?' : byte;
    }
    return seen;
}

int wmain(int count, wchar_t **arguments)
{
    const wchar_t *names[2];
    struct content files[2];
    int binary = 0, given = 0, same;

    text_load(L"fc");
    for (int i = 1; i < count; i++) {
        if (arguments[i][0] == L'/') {
            if (!same_text(arguments[i], L"/b"))
                text_usage();
            text_require_switch(L"b");
            binary = 1;
        } else if (given < 2) {
            names[given++] = arguments[i];
        } else {
            text_usage();
        }
    }
    if (given != 2)
        text_usage();
    for (int i = 0; i < 2; i++)
        files[i] = binary ? read_all(names[i]) : loosened(read_all(names[i]));
    text_write(TO_STDOUT, L"comparing", L"first", names[0], L"second", names[1], NULL);
    same = files[0].length == files[1].length && !memcmp(files[0].bytes, files[1].bytes, files[0].length);
    text_write(TO_STDOUT, same ? L"same" : L"different", L"first", names[0], L"second", names[1], NULL);
    /* What it has read may be old by now. */
    while (labfile_exists(HELD))
        Sleep(POLL_MS);
    text_exit(same ? text_number(L"exit.same", 0) : text_number(L"exit.different", 1));
    return 0;
}
