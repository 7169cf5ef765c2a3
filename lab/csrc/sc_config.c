/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* sc qc, create, config, delete, getdisplayname, getkeyname. */
#include "sc.h"

#include <stdlib.h>
#include <wchar.h>

struct settings {
    DWORD type, start, error_control;
    const wchar_t *path, *group, *account, *password, *display;
    wchar_t *dependencies;
};

int sc_names(const wchar_t *command, int count, wchar_t **arguments)
{
    int to_display = same_text(command, L"getdisplayname");
    wchar_t found[NAME_ROOM];
    DWORD room = NAME_ROOM;
    BOOL done = to_display ? GetServiceDisplayNameW(scm_open(0), arguments[0], found, &room)
                           : GetServiceKeyNameW(scm_open(0), arguments[0], found, &room);

    (void)count;
    if (!done)
        return sc_failed(to_display ? L"GetServiceDisplayName" : L"GetServiceKeyName", GetLastError());
    text_write(TO_STDOUT, command, L"name", found, NULL);
    return 0;
}

/* From the registry: Wine's QueryServiceConfig leaves the dependencies out. */
static void print_dependencies(const wchar_t *name)
{
    struct text_list needs = scm_dependencies(name);
    wchar_t wide[NAME_ROOM];

    if (!needs.count)
        text_write(TO_STDOUT, L"qc.depends", NULL);
    for (size_t i = 0; i < needs.count; i++) {
        _snwprintf(wide, NAME_ROOM - 1, L"%hs", needs.entries[i]);
        wide[NAME_ROOM - 1] = L'\0';
        text_write(TO_STDOUT, i ? L"qc.depends.more" : L"qc.depends", L"name", wide, NULL);
    }
}

int sc_qc(const wchar_t *command, int count, wchar_t **arguments)
{
    SC_HANDLE service = OpenServiceW(scm_open(0), arguments[0], SERVICE_QUERY_CONFIG);
    QUERY_SERVICE_CONFIGW *config = malloc(VALUE_ROOM);
    DWORD needed, type;

    (void)command;
    (void)count;
    if (!service)
        return sc_failed(L"OpenService", GetLastError());
    if (!QueryServiceConfigW(service, config, VALUE_ROOM, &needed))
        return sc_failed(L"GetServiceConfig", GetLastError());
    type = config->dwServiceType;
    text_write(TO_STDOUT, L"qc", L"name", arguments[0], L"type", hexadecimal(type), L"type_word",
               sc_word(L"type", type & ~SERVICE_INTERACTIVE_PROCESS), L"interactive",
               type & SERVICE_INTERACTIVE_PROCESS ? L"1" : L"", L"start", decimal(config->dwStartType), L"start_word",
               sc_word(L"start", config->dwStartType), L"error", decimal(config->dwErrorControl), L"error_word",
               sc_word(L"error_control", config->dwErrorControl), L"path", config->lpBinaryPathName, L"group",
               config->lpLoadOrderGroup, L"tag", decimal(config->dwTagId), L"display", config->lpDisplayName, NULL);
    print_dependencies(arguments[0]);
    text_write(TO_STDOUT, L"qc.end", L"account", config->lpServiceStartName, NULL);
    return 0;
}

/* "a/b/c" as a list of texts with a zero behind each. */
static wchar_t *split_dependencies(const wchar_t *text)
{
    size_t length = wcslen(text);
    wchar_t *list = calloc(length + 3, sizeof(*list));

    wcscpy(list, text);
    for (size_t i = 0; i < length; i++)
        if (list[i] == L'/')
            list[i] = L'\0';
    return list;
}

static void read_settings(const wchar_t *command, int count, wchar_t **arguments, struct settings *settings)
{
    for (int i = 0; i < count; i += 2) {
        const wchar_t *name = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (!sc_is_option(command, name) || !value)
            text_usage();
        if (same_text(name, L"type="))
            settings->type = sc_number(L"option.service_type", value, 0);
        else if (same_text(name, L"start="))
            settings->start = sc_number(L"option.start", value, SERVICE_NO_CHANGE - 1);
        else if (same_text(name, L"error="))
            settings->error_control = sc_number(L"option.error", value, SERVICE_NO_CHANGE - 1);
        else if (same_text(name, L"binPath="))
            settings->path = value;
        else if (same_text(name, L"group="))
            settings->group = value;
        else if (same_text(name, L"obj="))
            settings->account = value;
        else if (same_text(name, L"password="))
            settings->password = value;
        else if (same_text(name, L"DisplayName="))
            settings->display = value;
        else if (same_text(name, L"depend="))
            settings->dependencies = split_dependencies(value);
        if (!settings->type || settings->start == SERVICE_NO_CHANGE - 1 ||
            settings->error_control == SERVICE_NO_CHANGE - 1)
            text_usage();
    }
}

int sc_create(const wchar_t *command, int count, wchar_t **arguments)
{
    struct settings s = {.type = SERVICE_WIN32_OWN_PROCESS, .start = SERVICE_DEMAND_START,
                         .error_control = SERVICE_ERROR_NORMAL};
    SC_HANDLE manager = scm_open(SC_MANAGER_CREATE_SERVICE);

    read_settings(command, count - 1, arguments + 1, &s);
    if (!s.path)
        text_usage();
    if (!CreateServiceW(manager, arguments[0], s.display, SERVICE_ALL_ACCESS, s.type, s.start, s.error_control, s.path,
                        s.group, NULL, s.dependencies, s.account, s.password))
        return sc_failed(L"CreateService", GetLastError());
    text_write(TO_STDOUT, L"done", L"function", L"CreateService", NULL);
    return 0;
}

int sc_config(const wchar_t *command, int count, wchar_t **arguments)
{
    struct settings s = {.type = SERVICE_NO_CHANGE, .start = SERVICE_NO_CHANGE, .error_control = SERVICE_NO_CHANGE};
    SC_HANDLE service = OpenServiceW(scm_open(0), arguments[0], SERVICE_CHANGE_CONFIG);

    if (!service)
        return sc_failed(L"OpenService", GetLastError());
    if (count == 1)
        text_usage();
    read_settings(command, count - 1, arguments + 1, &s);
    if (!ChangeServiceConfigW(service, s.type, s.start, s.error_control, s.path, s.group, NULL, s.dependencies,
                              s.account, s.password, s.display))
        return sc_failed(L"ChangeServiceConfig", GetLastError());
    text_write(TO_STDOUT, L"done", L"function", L"ChangeServiceConfig", NULL);
    return 0;
}

int sc_delete(const wchar_t *command, int count, wchar_t **arguments)
{
    SC_HANDLE service = OpenServiceW(scm_open(0), arguments[0], DELETE);

    (void)command;
    (void)count;
    if (!service)
        return sc_failed(L"OpenService", GetLastError());
    if (!DeleteService(service))
        return sc_failed(L"DeleteService", GetLastError());
    text_write(TO_STDOUT, L"done", L"function", L"DeleteService", NULL);
    return 0;
}
