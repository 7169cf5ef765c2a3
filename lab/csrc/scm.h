/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* What sc and net share: the service list, dependencies, start and stop. */
#ifndef PORTKEEPER_SCM_H
#define PORTKEEPER_SCM_H

#include "registry.h"

#define NAME_ROOM 260
#define DRIVER_TYPES (SERVICE_KERNEL_DRIVER | SERVICE_FILE_SYSTEM_DRIVER)

struct service {
    wchar_t *name;
    wchar_t *display;
    SERVICE_STATUS_PROCESS status;
};

struct service_list {
    struct service *items;
    size_t count;
};

SC_HANDLE scm_open(DWORD access);

/* Every service of the type and state, in the manager's order. */
struct service_list scm_list(DWORD type, DWORD state);

/* The names in the service's DependOnService. */
struct text_list scm_dependencies(const wchar_t *name);

/* The services that depend on this one, directly or not; those that must stop first come first. */
struct service_list scm_dependents(const wchar_t *name, int running_only);

/* Finds a service by key name or by display name; 0 or the error. The key name is written to name. */
DWORD scm_resolve(const wchar_t *given, wchar_t *name);

/* The current status; returns 0 or the error. */
DWORD scm_status(const wchar_t *name, SERVICE_STATUS_PROCESS *status);

/* Starts the services that this one needs and then this one; returns as soon as the manager does. */
DWORD scm_start(const wchar_t *name, DWORD count, const wchar_t **arguments);

/* Sends the stop control; 1051 while dependents run. */
DWORD scm_stop(const wchar_t *name);

/* Waits while the service is in this pending state and makes progress; gives the last status.
 * tick, when not NULL, is called every two seconds. */
DWORD scm_wait(const wchar_t *name, DWORD pending, SERVICE_STATUS_PROCESS *status, void (*tick)(void));

#endif
