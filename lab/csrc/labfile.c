/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "labfile.h"

#include <stdlib.h>
#include <wchar.h>

#define FILE_LIMIT 16384

DWORD labfile_write(const wchar_t *path, const wchar_t *text)
{
    wchar_t part[MAX_PATH];
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = malloc((size_t)size);
    DWORD written, error = 0;
    HANDLE file;

    _snwprintf(part, MAX_PATH - 1, L"%ls.%lu.part", path, GetCurrentProcessId());
    part[MAX_PATH - 1] = L'\0';
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, size, NULL, NULL);
    file = CreateFileW(part, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return GetLastError();
    if (!WriteFile(file, bytes, (DWORD)size - 1, &written, NULL))
        error = GetLastError();
    CloseHandle(file);
    free(bytes);
    if (!error && !MoveFileExW(part, path, MOVEFILE_REPLACE_EXISTING))
        error = GetLastError();
    return error;
}

int labfile_exists(const wchar_t *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

int labfile_value(const wchar_t *path, const wchar_t *key, wchar_t *value, size_t room)
{
    static char bytes[FILE_LIMIT];
    static wchar_t text[FILE_LIMIT];
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    size_t key_length = wcslen(key);
    DWORD got = 0;

    if (file == INVALID_HANDLE_VALUE)
        return 0;
    ReadFile(file, bytes, FILE_LIMIT - 1, &got, NULL);
    CloseHandle(file);
    text[MultiByteToWideChar(CP_UTF8, 0, bytes, (int)got, text, FILE_LIMIT - 1)] = L'\0';
    for (const wchar_t *line = text; line && *line;) {
        size_t length = wcscspn(line, L"\n");
        if (wcsncmp(line, key, key_length) == 0 && line[key_length] == L'=') {
            length -= key_length + 1;
            length = length < room - 1 ? length : room - 1;
            wmemcpy(value, line + key_length + 1, length);
            value[length] = L'\0';
            return 1;
        }
        line = line[length] ? line + length + 1 : NULL;
    }
    return 0;
}
