/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* A service program that holds ports: the lab's DNS, PolicyAgent, IAS and all the others.
 *
 * One process per service; what it does stands under HKLM\SYSTEM\CurrentControlSet\Services\<name>\Lab
 * (table in lab/README.md). A port that is taken ends the service with WIN32_EXIT_CODE 10048, as on Windows.
 */
#include "draw.h"
#include "registry.h"
#include "sockets.h"

#include <ntsecapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define KEY_ROOM 512
#define POOL_DEFAULT 2500
#define POOL_LIMIT 10000
#define TICK_MS 100
#define WAIT_HINT_MS 3000

struct config {
    wchar_t key[KEY_ROOM];
    struct text_list addresses;
    int is_dns;
    int ignore_conflict;
    DWORD start_delay_ms, bind_delay_ms, slow_stop_ms;
    int start_hang, stop_hang;
    DWORD fail_with, fail_specific;
};

static SERVICE_STATUS_HANDLE status_handle;
static SERVICE_STATUS status;
static HANDLE stop_event;

static void report(DWORD state, DWORD win32_error, DWORD specific)
{
    int pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;

    status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status.dwCurrentState = state;
    status.dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
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

static DWORD setting(const struct config *config, const wchar_t *name)
{
    return (DWORD)registry_dword(config->key, name, 0);
}

static struct text_list wildcard_addresses(const struct config *config)
{
    static char *both[] = {"0.0.0.0", "::"};
    struct text_list list = {both, 1};

    if (registry_is(config->key, L"Family", L"6"))
        list.entries = both + 1;
    else if (registry_is(config->key, L"Family", L"46"))
        list.count = 2;
    return list;
}

static void read_config(const wchar_t *service, struct config *config)
{
    memset(config, 0, sizeof(*config));
    _snwprintf(config->key, KEY_ROOM - 1, SERVICES_KEY L"%ls\\Lab", service);
    config->is_dns = registry_is(config->key, L"Kind", L"dns");
    config->ignore_conflict = registry_is(config->key, L"OnConflict", L"ignore");
    config->start_delay_ms = setting(config, L"StartDelayMs");
    config->bind_delay_ms = setting(config, L"BindDelayMs");
    config->slow_stop_ms = setting(config, L"SlowStopMs");
    config->start_hang = setting(config, L"StartHang") != 0;
    config->stop_hang = setting(config, L"StopHang") != 0;
    config->fail_with = setting(config, L"FailWith");
    config->fail_specific = setting(config, L"FailSpecific");
    config->addresses = registry_list(config->key, L"Bind");
    if (!config->addresses.count)
        config->addresses = wildcard_addresses(config);
}

/* Holds a list of ports on every address; returns 0 or the first error. */
static int hold_list(const struct config *config, const wchar_t *value, int type)
{
    static unsigned ports[PORT_SPACE];
    struct text_list list = registry_list(config->key, value);
    size_t count = draw_parse_ports((const char *const *)list.entries, list.count, ports, PORT_SPACE);

    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < config->addresses.count; a++) {
            int error = hold_port(config->addresses.entries[a], type, ports[i]);
            if (error && !config->ignore_conflict)
                return error;
        }
    return 0;
}

static uint64_t draw_seed(size_t family_index)
{
    long long fixed = registry_dword(LAB_KEY, L"DrawSeed", -1);
    uint64_t seed = 0;

    if (fixed >= 0)
        return ((uint64_t)family_index << 32) | (uint64_t)fixed;
    RtlGenRandom(&seed, sizeof(seed));
    return seed;
}

static void effective_reservations(unsigned char *reserved)
{
    int live = registry_is(LAB_KEY, L"Mutant", L"reservation_without_reboot");
    int split = registry_is(LAB_KEY, L"Mutant", L"split_ranges_honoured");
    struct text_list list = live ? registry_list(SERVICES_KEY L"Tcpip\\Parameters", L"ReservedPorts")
                                 : registry_list(LAB_KEY, L"BootReservedPorts");

    draw_reserve((const char *const *)list.entries, list.count, split, reserved);
}

/* The socket pool: SocketPoolSize random ports per address, skipping what is bound. */
static void hold_pool(const struct config *config)
{
    static unsigned char reserved[PORT_SPACE];
    static unsigned first[PORT_SPACE];
    static uint16_t order[PORT_SPACE];
    struct text_list wanted = registry_list(LAB_KEY, L"DrawFirst");
    struct draw_request request = {
        .range = draw_range_nt5(registry_dword(SERVICES_KEY L"Tcpip\\Parameters", L"MaxUserPort", -1)),
        .reserved = reserved,
        .first = first,
        .first_count = draw_parse_ports((const char *const *)wanted.entries, wanted.count, first, PORT_SPACE),
    };
    long long size = registry_dword(SERVICES_KEY L"DNS\\Parameters", L"SocketPoolSize", POOL_DEFAULT);

    if (size > POOL_LIMIT)
        size = POOL_DEFAULT;
    if (size < 1)
        size = 1;
    effective_reservations(reserved);
    for (size_t a = 0; a < config->addresses.count; a++) {
        size_t count, i;
        long long bound = 0;
        request.seed = draw_seed(a);
        count = draw_order(&request, order);
        for (i = 0; i < count && bound < size; i++)
            bound += hold_port(config->addresses.entries[a], SOCK_DGRAM, order[i]) == 0;
    }
}

/* Port 53 first, as the real server fails without it; then the pool. */
static int hold_dns(const struct config *config)
{
    for (size_t a = 0; a < config->addresses.count; a++) {
        int error = hold_port(config->addresses.entries[a], SOCK_DGRAM, 53);
        if (!error)
            error = hold_port(config->addresses.entries[a], SOCK_STREAM, 53);
        if (error)
            return error;
    }
    hold_pool(config);
    return 0;
}

static int hold_ports(const struct config *config)
{
    int error = config->is_dns ? hold_dns(config) : 0;

    if (!error)
        error = hold_list(config, L"UdpPorts", SOCK_DGRAM);
    if (!error)
        error = hold_list(config, L"TcpPorts", SOCK_STREAM);
    return error;
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
    run(&config);
}

int wmain(void)
{
    wchar_t any_name[] = L"";
    SERVICE_TABLE_ENTRYW table[] = {{any_name, service_main}, {NULL, NULL}};

    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (StartServiceCtrlDispatcherW(table))
        return 0;
    return (int)GetLastError();
}
