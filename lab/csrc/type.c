/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* type as the cmd of Windows has it: UTF-16 with its mark is written in the code page of the session, anything else as
 * it is. Wine's own writes the bytes of UTF-16 up to the first zero. */
#include "output.h"

#include <stdlib.h>
#include <windows.h>

#define READ_STEP 65536
#define MARK "\xff\xfe"
#define MARK_LENGTH 2

static void write_all(const char *bytes, DWORD length)
{
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
    DWORD written;

    while (length && WriteFile(output, bytes, length, &written, NULL) && written) {
        bytes += written;
        length -= written;
    }
}

int wmain(int count, wchar_t **arguments)
{
    HANDLE file;
    char *bytes = NULL;
    DWORD length = 0, got = 0;

    if (count != 2)
        return 1;
    file = CreateFileW(arguments[1], GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 1;
    do {
        bytes = realloc(bytes, length + READ_STEP);
        got = 0;
        if (!ReadFile(file, bytes + length, READ_STEP, &got, NULL))
            break;
        length += got;
    } while (got);
    CloseHandle(file);
    if (length >= MARK_LENGTH && bytes[0] == MARK[0] && bytes[1] == MARK[1]) {
        const wchar_t *text = (const wchar_t *)(bytes + MARK_LENGTH);
        int characters = (int)((length - MARK_LENGTH) / sizeof(wchar_t));
        int size = WideCharToMultiByte(output_code_page(), 0, text, characters, NULL, 0, NULL, NULL);
        char *converted = malloc(size + 1);
        write_all(converted, WideCharToMultiByte(output_code_page(), 0, text, characters, converted, size, NULL, NULL));
    } else {
        write_all(bytes, length);
    }
    return 0;
}
