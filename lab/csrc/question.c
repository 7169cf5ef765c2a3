/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "question.h"
#include "text.h"

#define PATIENCE_MS 5000
#define POLL_MS 50

int answered_yes(void)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    ULONGLONG end = GetTickCount64() + PATIENCE_MS;
    DWORD available = 0, got = 0;
    char answer = 0;

    text_flush();
    if (GetFileType(input) == FILE_TYPE_PIPE) {
        while (PeekNamedPipe(input, NULL, 0, NULL, &available, NULL) && !available && GetTickCount64() < end)
            Sleep(POLL_MS);
        if (!available)
            return 0;
    }
    return ReadFile(input, &answer, 1, &got, NULL) && got == 1 && (answer == 'y' || answer == 'Y');
}
