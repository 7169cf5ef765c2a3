/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "question.h"
#include "text.h"

#include <wctype.h>

#define PATIENCE_MS 5000
#define POLL_MS 50
/* The format file's letter for yes; "y" where it has none. */
#define YES_KEY L"yes"

static int means_yes(char answer)
{
    const wchar_t *yes = text_find(YES_KEY);

    return towlower((wint_t)answer) == (yes ? yes[0] : L'y');
}

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
    return ReadFile(input, &answer, 1, &got, NULL) && got == 1 && means_yes(answer);
}
