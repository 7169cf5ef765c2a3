/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* What the host itself does at its ends: the boot mark when it goes down, reservations and services when it comes up. */
#include "agent.h"
#include "ports.h"
#include "registry.h"

#include <stdio.h>
#include <string.h>

#define WINDOWS_KEY L"SYSTEM\\CurrentControlSet\\Control\\Windows"
#define PREFETCH_KEY L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters"
#define TCPIP_KEY SERVICES_KEY L"Tcpip\\Parameters"
#define START_LIMIT_MS 30000
#define POLL_MS 10
#define REPORT_ROOM 65536
#define VALUE_ROOM 65536

/* ShutdownTime as Windows writes it: the FILETIME in eight bytes, REG_BINARY. */
void note_shutdown(uint32_t id)
{
    FILETIME now;
    LSTATUS result;

    GetSystemTimeAsFileTime(&now);
    result = RegSetKeyValueW(HKEY_LOCAL_MACHINE, WINDOWS_KEY, L"ShutdownTime", REG_BINARY, &now, sizeof(now));
    send_frame(ANS_DONE, id, &result, sizeof(result));
}

/* "As of the last boot" is this copy: the TCP/IP driver reads ReservedPorts when it starts (KB812873). */
static void copy_reservations(void)
{
    static unsigned char data[VALUE_ROOM];
    DWORD size = sizeof(data), type;

    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, LAB_KEY, L"BootReservedPorts");
    if (!RegGetValueW(HKEY_LOCAL_MACHINE, TCPIP_KEY, L"ReservedPorts", RRF_RT_ANY, &type, data, &size))
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, LAB_KEY, L"BootReservedPorts", type, data, size);
}

/* BootId of the prefetcher grows by one with every boot, where the host has it. */
static void count_boot(void)
{
    long long count = registry_dword(PREFETCH_KEY, L"BootId", -1);
    DWORD next = (DWORD)(count + 1);

    if (count >= 0)
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, PREFETCH_KEY, L"BootId", REG_DWORD, &next, sizeof(next));
}

static int is_automatic(SC_HANDLE service)
{
    static unsigned char room[8192];
    QUERY_SERVICE_CONFIGW *config = (QUERY_SERVICE_CONFIGW *)room;
    DWORD needed;

    return QueryServiceConfigW(service, config, sizeof(room), &needed) && config->dwStartType == SERVICE_AUTO_START;
}

/* Starts a service as the boot does and waits until it has come up or failed; returns the error to report. */
static DWORD start_at_boot(SC_HANDLE service)
{
    SERVICE_STATUS status;
    DWORD waited;

    if (!StartServiceW(service, 0, NULL))
        return GetLastError();
    for (waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {
        if (!QueryServiceStatus(service, &status))
            return GetLastError();
        if (status.dwCurrentState != SERVICE_START_PENDING)
            return status.dwWin32ExitCode;
        Sleep(POLL_MS);
    }
    return ERROR_SERVICE_REQUEST_TIMEOUT;
}

/* Starts the services of BootOrder one after the other, as their group order does; the answer has a line for each. */
DWORD WINAPI boot_host(void *id)
{
    static char report[REPORT_ROOM];
    struct text_list order = registry_list(LAB_KEY, L"BootOrder");
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    size_t used = sizeof(LSTATUS), i;

    copy_reservations();
    ports_boot();
    count_boot();
    for (i = 0; i < order.count && used + 600 < sizeof(report); i++) {
        SC_HANDLE service = OpenServiceA(manager, order.entries[i], SERVICE_ALL_ACCESS);
        if (service && is_automatic(service))
            used += (size_t)_snprintf(report + used, 600, "%.256s %lu\n", order.entries[i], start_at_boot(service));
        if (service)
            CloseServiceHandle(service);
    }
    CloseServiceHandle(manager);
    send_frame(ANS_DONE, (uint32_t)(uintptr_t)id, report, (uint32_t)used);
    return 0;
}
