/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* A task's definition in XML, as far as the lab understands it. It refuses everything else. */
#ifndef PORTKEEPER_TASKFILE_H
#define PORTKEEPER_TASKFILE_H

#include <wchar.h>

#define TASK_COMMAND_ROOM 512

struct task_file {
    wchar_t command[TASK_COMMAND_ROOM];
    /* Whether it is started and goes on while the server runs on its battery. */
    int on_battery;
};

/* Returns 0 where the file cannot be read, or is not a definition that the lab understands. */
int taskfile_read(const wchar_t *path, struct task_file *task);

#endif
