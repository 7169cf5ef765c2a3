/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* net start and net stop: they wait until the service has arrived. */
#include "question.h"
#include "scm.h"
#include "text.h"

#include <wchar.h>

#define MESSAGE_ALREADY_STARTED 2182
#define MESSAGE_INVALID_NAME 2185
#define MESSAGE_PENDING 2189
#define MESSAGE_NO_ANSWER 3513
#define MESSAGE_NOT_STARTED 3521
#define MESSAGE_CANNOT_STOP 3534
#define MESSAGE_SPECIFIC_ERROR 3547

enum answer { ASK, YES, NO };

static int failed(void)
{
    return text_number(L"exit.failed", 2);
}

static void tick(void)
{
    text_raw(TO_STDOUT, L".", 1);
    text_flush();
}

/* A message of net's own with the hint how to read more about it. */
static int helpmsg(const wchar_t *key, const wchar_t *display, unsigned number)
{
    text_write(TO_STDERR, key, L"display", display, NULL);
    text_write(TO_STDERR, L"more_help", L"number", decimal(number), NULL);
    return failed();
}

static int system_error(DWORD error)
{
    text_write(TO_STDERR, L"system_error", L"code", decimal(error), L"message", system_message(error), NULL);
    return failed();
}

static int is_pending(const wchar_t *name)
{
    SERVICE_STATUS_PROCESS status;

    return !scm_status(name, &status) && status.dwCurrentState != SERVICE_STOPPED &&
           status.dwCurrentState != SERVICE_RUNNING && status.dwCurrentState != SERVICE_PAUSED;
}

/* Finds the service by key or display name; the display name is what the messages carry. */
static DWORD find(const wchar_t *given, wchar_t *name, wchar_t *display)
{
    DWORD room = NAME_ROOM, error = scm_resolve(given, name);

    if (error)
        return error;
    if (!GetServiceDisplayNameW(scm_open(0), name, display, &room) || !*display)
        wcscpy(display, name);
    return 0;
}

static int report_start_failure(const wchar_t *display, const SERVICE_STATUS_PROCESS *status, DWORD error)
{
    text_write(TO_STDERR, L"start.failed", L"display", display, NULL);
    if (error == 0)
        error = status->dwWin32ExitCode;
    if (error == ERROR_SERVICE_SPECIFIC_ERROR) {
        text_write(TO_STDERR, L"specific_error", L"code", decimal(status->dwServiceSpecificExitCode), NULL);
        text_write(TO_STDERR, L"more_help", L"number", decimal(MESSAGE_SPECIFIC_ERROR), NULL);
        return failed();
    }
    if (error == 0) {
        text_write(TO_STDERR, L"no_error_reported", NULL);
        text_write(TO_STDERR, L"more_help", L"number", decimal(MESSAGE_CANNOT_STOP), NULL);
        return failed();
    }
    text_write(TO_STDERR, L"error_occurred", NULL);
    return system_error(error);
}

static int start(const wchar_t *given)
{
    wchar_t name[NAME_ROOM], display[NAME_ROOM];
    SERVICE_STATUS_PROCESS status = {0};
    DWORD error = find(given, name, display);

    if (error == ERROR_SERVICE_DOES_NOT_EXIST || error == ERROR_INVALID_NAME)
        return helpmsg(L"invalid_name", given, MESSAGE_INVALID_NAME);
    if (error)
        return system_error(error);
    if (is_pending(name))
        return helpmsg(L"pending", display, MESSAGE_PENDING);
    error = scm_start(name, 0, NULL);
    if (error == ERROR_SERVICE_ALREADY_RUNNING)
        return helpmsg(L"start.already", display, MESSAGE_ALREADY_STARTED);
    if (error == ERROR_SERVICE_DISABLED || error == ERROR_FILE_NOT_FOUND || error == ERROR_ACCESS_DENIED ||
        error == ERROR_SERVICE_DEPENDENCY_FAIL)
        return system_error(error);
    text_write(TO_STDOUT, L"start.begin", L"display", display, NULL);
    text_flush();
    if (!error)
        error = scm_wait(name, SERVICE_START_PENDING, &status, tick);
    text_write(TO_STDOUT, L"start.middle", NULL);
    if (error || status.dwCurrentState != SERVICE_RUNNING)
        return report_start_failure(display, &status, error);
    text_write(TO_STDOUT, L"start.done", L"display", display, NULL);
    return 0;
}

static int confirm(const wchar_t *display, const struct service_list *dependents, enum answer answer)
{
    text_write(TO_STDOUT, L"dependents.head", L"display", display, NULL);
    for (size_t i = 0; i < dependents->count; i++)
        text_write(TO_STDOUT, L"dependents.entry", L"display", dependents->items[i].display, NULL);
    text_write(TO_STDOUT, L"dependents.end", NULL);
    if (answer == YES)
        return 1;
    text_write(TO_STDOUT, L"dependents.ask", NULL);
    return answer == ASK && answered_yes();
}

static int stop_one(const wchar_t *name, const wchar_t *display)
{
    SERVICE_STATUS_PROCESS status = {0};
    DWORD error = scm_stop(name);

    if (error == ERROR_SERVICE_NOT_ACTIVE)
        return helpmsg(L"not_started", display, MESSAGE_NOT_STARTED);
    if (error)
        return system_error(error);
    text_write(TO_STDOUT, L"stop.begin", L"display", display, NULL);
    text_flush();
    error = scm_wait(name, SERVICE_STOP_PENDING, &status, tick);
    text_write(TO_STDOUT, L"stop.middle", NULL);
    if (error || status.dwCurrentState != SERVICE_STOPPED)
        return helpmsg(L"stop.failed", display, MESSAGE_CANNOT_STOP);
    text_write(TO_STDOUT, L"stop.done", L"display", display, NULL);
    return 0;
}

static int stop(const wchar_t *given, enum answer answer)
{
    wchar_t name[NAME_ROOM], display[NAME_ROOM];
    SERVICE_STATUS_PROCESS status;
    struct service_list dependents;
    DWORD error = find(given, name, display);

    if (error == ERROR_SERVICE_DOES_NOT_EXIST || error == ERROR_INVALID_NAME)
        return helpmsg(L"invalid_name", given, MESSAGE_INVALID_NAME);
    if (!error)
        error = scm_status(name, &status);
    if (error)
        return system_error(error);
    if (status.dwCurrentState == SERVICE_STOPPED)
        return helpmsg(L"not_started", display, MESSAGE_NOT_STARTED);
    if (is_pending(name))
        return helpmsg(L"pending", display, MESSAGE_PENDING);
    dependents = scm_dependents(name, 1);
    if (dependents.count && !confirm(display, &dependents, answer))
        return helpmsg(L"no_answer", display, MESSAGE_NO_ANSWER);
    for (size_t i = 0; i < dependents.count; i++) {
        int code = stop_one(dependents.items[i].name, dependents.items[i].display);
        if (code)
            return code;
    }
    return stop_one(name, display);
}

static int list(void)
{
    struct service_list running = scm_list(SERVICE_WIN32, SERVICE_ACTIVE);

    text_write(TO_STDOUT, L"list.head", NULL);
    for (size_t i = 0; i < running.count; i++)
        text_write(TO_STDOUT, L"list.entry", L"display", running.items[i].display, NULL);
    text_write(TO_STDOUT, L"list.end", NULL);
    return 0;
}

int wmain(int count, wchar_t **arguments)
{
    const wchar_t *name = NULL;
    enum answer answer = ASK;

    text_load(L"net");
    if (count < 2)
        text_usage();
    text_require_switch(arguments[1]);
    for (int i = 2; i < count; i++) {
        if (arguments[i][0] == L'/') {
            text_require_switch(arguments[i]);
            answer = same_text(arguments[i], L"/y") ? YES : NO;
        } else if (name) {
            text_usage();
        } else {
            name = arguments[i];
        }
    }
    if (same_text(arguments[1], L"start"))
        text_exit(name ? start(name) : list());
    if (!name)
        text_usage();
    text_exit(stop(name, answer));
    return 0;
}
