/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "rights.h"
#include "text.h"

#include <wchar.h>

#define DENIED_KEY L"exit.denied"

static int is_administrator(void)
{
    BYTE administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(administrators);
    BOOL member = FALSE;

    return CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size) &&
           CheckTokenMembership(NULL, administrators, &member) && member;
}

/* As sc says it (the service manager refuses), as net says it, and for the other tools the system's sentence alone. */
static void say_denied(void)
{
    const wchar_t *message = system_message(ERROR_ACCESS_DENIED);

    if (text_find(L"failed")) {
        text_write(TO_STDOUT, L"failed", L"function", L"OpenSCManager", L"code", decimal(ERROR_ACCESS_DENIED), L"message",
                   message, NULL);
    } else if (text_find(L"system_error")) {
        text_write(TO_STDERR, L"system_error", L"code", decimal(ERROR_ACCESS_DENIED), L"message", message, NULL);
    } else {
        text_raw(TO_STDERR, message, wcslen(message));
        text_raw(TO_STDERR, L"\r\n", 2);
    }
}

void rights_check(void)
{
    if (!text_find(DENIED_KEY) || is_administrator())
        return;
    say_denied();
    text_exit(text_number(DENIED_KEY, 1));
}
