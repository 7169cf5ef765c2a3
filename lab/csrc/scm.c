/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "scm.h"

#include <stdlib.h>
#include <stdio.h>
#include <wchar.h>

#define ENUMERATION_BYTES 262144
#define POLL_MS 40
#define TICK_MS 2000
#define PATIENCE_MS 20000
#define DEPENDENCY_DEPTH 16

SC_HANDLE scm_open(DWORD access)
{
    static SC_HANDLE manager;

    if (!manager)
        manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
    return access & SC_MANAGER_CREATE_SERVICE ? OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS) : manager;
}

static void append(struct service_list *list, const struct service *service)
{
    list->items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = *service;
}

struct service_list scm_list(DWORD type, DWORD state)
{
    struct service_list list = {NULL, 0};
    DWORD needed, count, resume = 0;
    BOOL complete;

    do {
        ENUM_SERVICE_STATUS_PROCESSW *found = malloc(ENUMERATION_BYTES);
        complete = EnumServicesStatusExW(scm_open(0), SC_ENUM_PROCESS_INFO, type, state, (BYTE *)found,
                                         ENUMERATION_BYTES, &needed, &count, &resume, NULL);
        if (!complete && GetLastError() != ERROR_MORE_DATA)
            break;
        for (DWORD i = 0; i < count; i++) {
            /* Windows shows the key where there is no display name; Wine hands out NULL. */
            WCHAR *shown = found[i].lpDisplayName ? found[i].lpDisplayName : found[i].lpServiceName;
            struct service service = {found[i].lpServiceName, shown, found[i].ServiceStatusProcess};
            append(&list, &service);
        }
    } while (!complete && count);
    return list;
}

struct text_list scm_dependencies(const wchar_t *name)
{
    wchar_t key[NAME_ROOM + 64];

    _snwprintf(key, NAME_ROOM + 63, SERVICES_KEY L"%ls", name);
    key[NAME_ROOM + 63] = L'\0';
    return registry_list(key, L"DependOnService");
}

static int depends_on(const struct text_list *needs, const wchar_t *name)
{
    wchar_t wide[NAME_ROOM];

    for (size_t i = 0; i < needs->count; i++) {
        _snwprintf(wide, NAME_ROOM - 1, L"%hs", needs->entries[i]);
        wide[NAME_ROOM - 1] = L'\0';
        if (_wcsicmp(wide, name) == 0)
            return 1;
    }
    return 0;
}

static int listed(const struct service_list *list, const wchar_t *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (_wcsicmp(list->items[i].name, name) == 0)
            return 1;
    return 0;
}

static void add_dependents(const struct service_list *all, const struct text_list *needs, const wchar_t *name,
                           int depth, struct service_list *found)
{
    for (size_t i = 0; i < all->count; i++) {
        if (listed(found, all->items[i].name) || !depends_on(&needs[i], name))
            continue;
        if (depth < DEPENDENCY_DEPTH)
            add_dependents(all, needs, all->items[i].name, depth + 1, found);
        if (!listed(found, all->items[i].name))
            append(found, &all->items[i]);
    }
}

struct service_list scm_dependents(const wchar_t *name, int running_only)
{
    DWORD state = running_only ? SERVICE_ACTIVE : SERVICE_STATE_ALL;
    struct service_list all = scm_list(SERVICE_WIN32 | SERVICE_DRIVER, state);
    struct text_list *needs = calloc(all.count + 1, sizeof(*needs));
    struct service_list found = {NULL, 0};

    for (size_t i = 0; i < all.count; i++)
        needs[i] = scm_dependencies(all.items[i].name);
    add_dependents(&all, needs, name, 0, &found);
    return found;
}

DWORD scm_resolve(const wchar_t *given, wchar_t *name)
{
    SC_HANDLE service = OpenServiceW(scm_open(0), given, SERVICE_QUERY_STATUS);
    DWORD error = GetLastError();
    DWORD room = NAME_ROOM;

    if (service) {
        CloseServiceHandle(service);
        wcsncpy(name, given, NAME_ROOM - 1);
        name[NAME_ROOM - 1] = L'\0';
        return 0;
    }
    if (GetServiceKeyNameW(scm_open(0), given, name, &room))
        return 0;
    return error;
}

static DWORD with_service(const wchar_t *name, DWORD access, SC_HANDLE *service)
{
    *service = OpenServiceW(scm_open(0), name, access);
    return *service ? 0 : GetLastError();
}

DWORD scm_status(const wchar_t *name, SERVICE_STATUS_PROCESS *status)
{
    SC_HANDLE service;
    DWORD needed, error = with_service(name, SERVICE_QUERY_STATUS, &service);

    if (error)
        return error;
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)status, sizeof(*status), &needed))
        error = GetLastError();
    CloseServiceHandle(service);
    return error;
}

/* 1058 for a disabled service in any state. */
static DWORD check_enabled(const wchar_t *name)
{
    wchar_t key[NAME_ROOM + 64];

    _snwprintf(key, NAME_ROOM + 63, SERVICES_KEY L"%ls", name);
    key[NAME_ROOM + 63] = L'\0';
    return registry_dword(key, L"Start", SERVICE_DEMAND_START) == SERVICE_DISABLED ? ERROR_SERVICE_DISABLED : 0;
}

static DWORD start_dependencies(const wchar_t *name)
{
    struct text_list needs = scm_dependencies(name);

    for (size_t i = 0; i < needs.count; i++) {
        SERVICE_STATUS_PROCESS status;
        wchar_t wide[NAME_ROOM];
        _snwprintf(wide, NAME_ROOM - 1, L"%hs", needs.entries[i]);
        wide[NAME_ROOM - 1] = L'\0';
        if (scm_status(wide, &status) || status.dwServiceType & DRIVER_TYPES)
            continue;
        if (status.dwCurrentState == SERVICE_STOPPED && scm_start(wide, 0, NULL))
            return ERROR_SERVICE_DEPENDENCY_FAIL;
        if (scm_wait(wide, SERVICE_START_PENDING, &status, NULL) || status.dwCurrentState != SERVICE_RUNNING)
            return ERROR_SERVICE_DEPENDENCY_FAIL;
    }
    return 0;
}

DWORD scm_start(const wchar_t *name, DWORD count, const wchar_t **arguments)
{
    SERVICE_STATUS_PROCESS status;
    SC_HANDLE service;
    DWORD error = scm_status(name, &status);

    if (!error && status.dwCurrentState != SERVICE_STOPPED)
        error = ERROR_SERVICE_ALREADY_RUNNING;
    if (!error)
        error = check_enabled(name);
    if (!error)
        error = start_dependencies(name);
    if (!error)
        error = with_service(name, SERVICE_START, &service);
    if (error)
        return error;
    if (!StartServiceW(service, count, arguments))
        error = GetLastError();
    CloseServiceHandle(service);
    return error;
}

DWORD scm_stop(const wchar_t *name)
{
    SERVICE_STATUS_PROCESS now;
    SERVICE_STATUS status;
    SC_HANDLE service;
    DWORD error = scm_status(name, &now);

    if (!error && now.dwCurrentState == SERVICE_STOPPED)
        error = ERROR_SERVICE_NOT_ACTIVE;
    if (!error && now.dwCurrentState != SERVICE_RUNNING && now.dwCurrentState != SERVICE_PAUSED)
        error = ERROR_SERVICE_CANNOT_ACCEPT_CTRL;
    if (!error && !(now.dwControlsAccepted & SERVICE_ACCEPT_STOP))
        error = ERROR_INVALID_SERVICE_CONTROL;
    if (!error && scm_dependents(name, 1).count)
        error = ERROR_DEPENDENT_SERVICES_RUNNING;
    if (!error)
        error = with_service(name, SERVICE_STOP, &service);
    if (error)
        return error;
    if (!ControlService(service, SERVICE_CONTROL_STOP, &status))
        error = GetLastError();
    CloseServiceHandle(service);
    return error;
}

DWORD scm_wait(const wchar_t *name, DWORD pending, SERVICE_STATUS_PROCESS *status, void (*tick)(void))
{
    ULONGLONG now = GetTickCount64(), progress = now, ticked = now;
    DWORD checkpoint = 0, error;

    for (;;) {
        error = scm_status(name, status);
        if (error || status->dwCurrentState != pending)
            return error;
        now = GetTickCount64();
        if (status->dwCheckPoint != checkpoint) {
            checkpoint = status->dwCheckPoint;
            progress = now;
        }
        if (now - progress > PATIENCE_MS && now - progress > status->dwWaitHint)
            return ERROR_SERVICE_REQUEST_TIMEOUT;
        if (tick && now - ticked >= TICK_MS) {
            tick();
            ticked = now;
        }
        Sleep(POLL_MS);
    }
}
