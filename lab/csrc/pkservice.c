/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* A service program that holds ports: the lab's DNS, PolicyAgent, IAS and all the others.
 *
 * One process per service; what it does stands under HKLM\SYSTEM\CurrentControlSet\Services\<name>\Lab
 * (table in lab/README.md). A port that is taken ends the service with WIN32_EXIT_CODE 10048, as on Windows.
 */
#include "holding.h"
#include "rehearsal.h"
#include "sockets.h"

#include <wchar.h>

#define TICK_MS 100
#define WAIT_HINT_MS 3000

static SERVICE_STATUS_HANDLE status_handle;
static SERVICE_STATUS status;
static HANDLE stop_event;
static int pausable;

static void report(DWORD state, DWORD win32_error, DWORD specific)
{
    int pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;

    status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status.dwCurrentState = state;
    status.dwControlsAccepted = 0;
    if (state == SERVICE_RUNNING || state == SERVICE_PAUSED)
        status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN |
                                    (pausable ? SERVICE_ACCEPT_PAUSE_CONTINUE : 0);
    status.dwWin32ExitCode = win32_error;
    status.dwServiceSpecificExitCode = specific;
    status.dwCheckPoint = pending ? status.dwCheckPoint + 1 : 0;
    status.dwWaitHint = pending ? WAIT_HINT_MS : 0;
    SetServiceStatus(status_handle, &status);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context)
{
    (void)type;
    (void)data;
    (void)context;
    if (control == SERVICE_CONTROL_INTERROGATE)
        return NO_ERROR;
    if (pausable && (control == SERVICE_CONTROL_PAUSE || control == SERVICE_CONTROL_CONTINUE)) {
        /* Its process and its ports stay: that is the state that looks most like a service in order. */
        report(control == SERVICE_CONTROL_PAUSE ? SERVICE_PAUSED : SERVICE_RUNNING, NO_ERROR, 0);
        return NO_ERROR;
    }
    if (control != SERVICE_CONTROL_STOP && control != SERVICE_CONTROL_SHUTDOWN)
        return ERROR_CALL_NOT_IMPLEMENTED;
    report(SERVICE_STOP_PENDING, NO_ERROR, 0);
    SetEvent(stop_event);
    return NO_ERROR;
}

/* Stays in a pending state for so long; the checkpoint moves so that waiting clients go on waiting. */
static void linger(DWORD state, DWORD milliseconds, int for_ever)
{
    ULONGLONG end = GetTickCount64() + milliseconds;

    while (for_ever || GetTickCount64() < end) {
        if (!for_ever)
            report(state, NO_ERROR, 0);
        Sleep(TICK_MS);
    }
}

static void run(const struct config *config)
{
    int error = 0;

    report(SERVICE_START_PENDING, NO_ERROR, 0);
    linger(SERVICE_START_PENDING, config->start_delay_ms, config->start_hang);
    if (config->fail_with) {
        report(SERVICE_STOPPED, config->fail_with, config->fail_specific);
        return;
    }
    if (!config->bind_delay_ms)
        error = hold_ports(config);
    if (!error) {
        report(SERVICE_RUNNING, NO_ERROR, 0);
        if (config->bind_delay_ms && WaitForSingleObject(stop_event, config->bind_delay_ms) == WAIT_TIMEOUT)
            error = hold_ports(config);
    }
    if (!error) {
        WaitForSingleObject(stop_event, INFINITE);
        linger(SERVICE_STOP_PENDING, config->slow_stop_ms, config->stop_hang);
    }
    release_ports();
    report(SERVICE_STOPPED, (DWORD)error, 0);
}

static void WINAPI service_main(DWORD count, wchar_t **arguments)
{
    struct config config;
    WSADATA winsock;

    if (!count || !(status_handle = RegisterServiceCtrlHandlerExW(arguments[0], on_control, NULL)))
        return;
    WSAStartup(MAKEWORD(2, 2), &winsock);
    read_config(arguments[0], &config);
    pausable = config.pausable;
    run(&config);
}

int wmain(int count, wchar_t **arguments)
{
    wchar_t any_name[] = L"";
    SERVICE_TABLE_ENTRYW table[] = {{any_name, service_main}, {NULL, NULL}};

    if (count > 1)
        return rehearse(count - 1, arguments + 1);
    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (StartServiceCtrlDispatcherW(table))
        return 0;
    return (int)GetLastError();
}
