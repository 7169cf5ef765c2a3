/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* sc: the service control tool. Texts and switches: lab/formats and lab/tools.toml. */
#include "sc.h"

#include <wchar.h>

struct command {
    const wchar_t *name;
    int least; /* arguments that must follow */
    int (*run)(const wchar_t *command, int count, wchar_t **arguments);
};

static const struct command commands[] = {
    {L"query", 0, sc_query},
    {L"queryex", 0, sc_query},
    {L"enumdepend", 1, sc_enumdepend},
    {L"start", 1, sc_start},
    {L"stop", 1, sc_stop},
    {L"control", 2, sc_control},
    {L"interrogate", 1, sc_control},
    {L"pause", 1, sc_control},
    {L"continue", 1, sc_control},
    {L"qc", 1, sc_qc},
    {L"getdisplayname", 1, sc_names},
    {L"getkeyname", 1, sc_names},
    {L"create", 1, sc_create},
    {L"config", 1, sc_config},
    {L"delete", 1, sc_delete},
};

int sc_failed(const wchar_t *function, DWORD error)
{
    text_write(TO_STDOUT, L"failed", L"function", function, L"code", decimal(error), L"message", system_message(error),
               NULL);
    return (int)error;
}

int sc_is_option(const wchar_t *command, const wchar_t *argument)
{
    wchar_t name[64];
    size_t length = wcslen(argument);

    if (length < 2 || argument[length - 1] != L'=')
        return 0;
    _snwprintf(name, 63, L"%ls %ls", command, argument);
    name[63] = L'\0';
    return text_has_switch(name);
}

/* Calls that name another computer end as they do when it does not answer. */
static int is_other_computer(const wchar_t *argument)
{
    wchar_t own[MAX_COMPUTERNAME_LENGTH + 1];
    DWORD room = MAX_COMPUTERNAME_LENGTH + 1;

    return GetComputerNameW(own, &room) && !same_text(argument + 2, own) && !same_text(argument + 2, L"localhost");
}

int wmain(int count, wchar_t **arguments)
{
    text_load(L"sc");
    count--;
    arguments++;
    if (count && starts_with(*arguments, L"\\\\")) {
        text_require_switch(L"\\\\");
        if (is_other_computer(*arguments))
            text_exit(sc_failed(L"OpenSCManager", RPC_S_SERVER_UNAVAILABLE));
        count--;
        arguments++;
    }
    if (!count)
        text_usage();
    text_require_switch(*arguments);
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        if (same_text(*arguments, commands[i].name) && count > commands[i].least)
            text_exit(commands[i].run(commands[i].name, count - 1, arguments + 1));
    text_usage();
    return 0;
}
