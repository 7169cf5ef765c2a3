/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Reads one element after the other against a table. ASCII only, no declaration, no comment, no reference to a
 * character, no attribute but those of Task, no element twice. */
#include "taskfile.h"

#include <winsock2.h>
#include <windows.h>

#include <string.h>

#define FILE_ROOM 8192
#define PATH_ROOM 160
#define BLANKS " \t\r\n"

static const char attributes[] = " version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\"";

enum kind { OPTIONAL_PARENT, PARENT, TRUE_OR_FALSE, DURATION, SYSTEM_SID, PROGRAM };

struct element {
    const char *path;
    enum kind kind;
    /* Elements with a number must come in its order; the others stand in any order within theirs. */
    int order;
    char value[TASK_COMMAND_ROOM];
    int seen;
};

static struct element elements[] = {
    {"/Task", PARENT, 1, "", 0},
    {"/Task/RegistrationInfo", OPTIONAL_PARENT, 2, "", 0},
    {"/Task/Triggers", PARENT, 3, "", 0},
    {"/Task/Triggers/BootTrigger", OPTIONAL_PARENT, 0, "", 0},
    {"/Task/Triggers/BootTrigger/Enabled", TRUE_OR_FALSE, 0, "true", 0},
    {"/Task/Principals", PARENT, 4, "", 0},
    {"/Task/Principals/Principal", PARENT, 0, "", 0},
    {"/Task/Principals/Principal/UserId", SYSTEM_SID, 0, "", 0},
    {"/Task/Settings", PARENT, 5, "", 0},
    {"/Task/Settings/DisallowStartIfOnBatteries", TRUE_OR_FALSE, 0, "true", 0},
    {"/Task/Settings/StopIfGoingOnBatteries", TRUE_OR_FALSE, 0, "true", 0},
    {"/Task/Settings/ExecutionTimeLimit", DURATION, 0, "PT72H", 0},
    {"/Task/Actions", PARENT, 6, "", 0},
    {"/Task/Actions/Exec", PARENT, 0, "", 0},
    {"/Task/Actions/Exec/Command", PROGRAM, 0, "", 0},
};

#define ELEMENT_COUNT (sizeof(elements) / sizeof(*elements))

struct reader {
    const char *at;
    char path[PATH_ROOM];
    int order;
};

static struct element *find(const char *path)
{
    for (size_t i = 0; i < ELEMENT_COUNT; i++)
        if (strcmp(elements[i].path, path) == 0)
            return &elements[i];
    return NULL;
}

static int is_parent(const struct element *element)
{
    return element->kind == PARENT || element->kind == OPTIONAL_PARENT;
}

static int skip(struct reader *reader, const char *text)
{
    size_t length = strlen(text);

    if (strncmp(reader->at, text, length) != 0)
        return 0;
    reader->at += length;
    return 1;
}

static int value_is_valid(const struct element *element)
{
    const char *value = element->value;

    switch (element->kind) {
    case TRUE_OR_FALSE:
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    case DURATION:
        return strcmp(value, "PT0S") == 0 || strcmp(value, "PT72H") == 0;
    case SYSTEM_SID:
        return strcmp(value, "S-1-5-18") == 0;
    default:
        return *value && !strchr(BLANKS, *value) && !strchr(value, '&') && !strchr(value, '>');
    }
}

static int read_value(struct reader *reader, struct element *element)
{
    size_t length = strcspn(reader->at, "<");

    if (length >= sizeof(element->value))
        return 0;
    memcpy(element->value, reader->at, length);
    element->value[length] = '\0';
    reader->at += length;
    return value_is_valid(element);
}

static int read_element(struct reader *reader);

static int read_children(struct reader *reader)
{
    for (;;) {
        reader->at += strspn(reader->at, BLANKS);
        if (strncmp(reader->at, "</", 2) == 0)
            return 1;
        if (!read_element(reader))
            return 0;
    }
}

/* Notes that an element begins; NULL where it is unknown, was there before, or comes too late. */
static struct element *enter(struct reader *reader, const char *name, size_t length)
{
    size_t used = strlen(reader->path);
    struct element *element;

    if (!length || used + length + 2 > PATH_ROOM)
        return NULL;
    reader->path[used] = '/';
    memcpy(reader->path + used + 1, name, length);
    reader->path[used + 1 + length] = '\0';
    element = find(reader->path);
    if (!element || element->seen++ || (element->order && element->order <= reader->order))
        return NULL;
    if (element->order)
        reader->order = element->order;
    return element;
}

static int read_element(struct reader *reader)
{
    const char *name = reader->at + 1;
    size_t length = strcspn(name, " />"), outside = strlen(reader->path);
    struct element *element;

    if (!skip(reader, "<"))
        return 0;
    element = enter(reader, name, length);
    if (!element)
        return 0;
    reader->at += length;
    if (!outside && !skip(reader, attributes))
        return 0;
    if (element->kind == OPTIONAL_PARENT && skip(reader, "/>")) {
        reader->path[outside] = '\0';
        return 1;
    }
    if (!skip(reader, ">") || !(is_parent(element) ? read_children(reader) : read_value(reader, element)))
        return 0;
    if (!skip(reader, "</") || strncmp(reader->at, name, length) != 0)
        return 0;
    reader->at += length;
    reader->path[outside] = '\0';
    return skip(reader, ">");
}

static int read_bytes(const wchar_t *path, char *bytes)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    DWORD got = 0;

    if (file == INVALID_HANDLE_VALUE)
        return 0;
    if (!ReadFile(file, bytes, FILE_ROOM - 1, &got, NULL))
        got = 0;
    CloseHandle(file);
    bytes[got] = '\0';
    for (DWORD i = 0; i < got; i++)
        if (bytes[i] <= 0)
            return 0;
    return got > 0 && got < FILE_ROOM - 1;
}

int taskfile_read(const wchar_t *path, struct task_file *task)
{
    static char bytes[FILE_ROOM];
    struct reader reader = {bytes, "", 0};

    if (!read_bytes(path, bytes) || !read_element(&reader) || reader.at[strspn(reader.at, BLANKS)])
        return 0;
    for (size_t i = 0; i < ELEMENT_COUNT; i++)
        if (!elements[i].seen && elements[i].kind != OPTIONAL_PARENT && !*elements[i].value)
            return 0;
    MultiByteToWideChar(CP_ACP, 0, find("/Task/Actions/Exec/Command")->value, -1, task->command, TASK_COMMAND_ROOM);
    task->on_battery = strcmp(find("/Task/Settings/DisallowStartIfOnBatteries")->value, "false") == 0 &&
                       strcmp(find("/Task/Settings/StopIfGoingOnBatteries")->value, "false") == 0;
    return 1;
}
