/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* netstat -a -n -o -p protocol. */
#include "draw.h"
#include "endpoints.h"
#include "registry.h"
#include "text.h"

#include <wchar.h>

#define SYSTEM_PID 4

struct selection {
    int all, owner;
    int wanted[PROTOCOL_COUNT];
};

static const wchar_t *const names[PROTOCOL_COUNT] = {L"tcp", L"tcpv6", L"udp", L"udpv6"};

static int is_tcp(enum protocol protocol)
{
    return protocol == PROTOCOL_TCP || protocol == PROTOCOL_TCPV6;
}

/* "@@ states": one word a line, in the order of the numbers that the system gives from 1 on. */
static const wchar_t *state_word(DWORD state)
{
    static wchar_t word[32];
    const wchar_t *line = text_find(L"states");
    size_t length;

    for (DWORD i = 1; line && i < state; i++) {
        line = wcschr(line, L'\n');
        line = line ? line + 1 : NULL;
    }
    if (!line)
        return L"";
    length = wcscspn(line, L"\n");
    length = length > 31 ? 31 : length;
    wmemcpy(word, line, length);
    word[length] = L'\0';
    return word;
}

/* The ports that the kernel holds on the server that is played, such as L2TP's 1701. */
static const unsigned char *system_ports(void)
{
    static unsigned char flags[PORT_SPACE];
    static unsigned ports[PORT_SPACE];
    struct text_list list = registry_list(LAB_KEY, L"SystemPorts");
    size_t count = draw_parse_ports((const char *const *)list.entries, list.count, ports, PORT_SPACE);

    for (size_t i = 0; i < count; i++)
        flags[ports[i]] = 1;
    return flags;
}

static void print_rows(enum protocol protocol, const struct selection *selection)
{
    struct endpoint_list list = endpoints_read(protocol);
    const wchar_t *row = selection->owner ? L"row.owner" : L"row";
    const unsigned char *by_system = system_ports();

    for (size_t i = 0; i < list.count; i++) {
        const struct endpoint *e = &list.items[i];
        wchar_t local[ADDRESS_TEXT], foreign[ADDRESS_TEXT] = L"*:*";
        int listening = is_tcp(protocol) && e->state == MIB_TCP_STATE_LISTEN;
        if (!selection->all && (listening || !is_tcp(protocol)))
            continue;
        endpoint_text(protocol, e->address, e->scope, e->port, local);
        if (is_tcp(protocol))
            endpoint_text(protocol, e->remote_address, e->remote_scope, e->remote_port, foreign);
        text_write(TO_STDOUT, row, L"protocol", is_tcp(protocol) ? L"TCP" : L"UDP", L"local", local, L"foreign",
                   foreign, L"state", is_tcp(protocol) ? state_word(e->state) : L"", L"pid",
                   decimal(by_system[e->port] ? SYSTEM_PID : e->pid), NULL);
    }
}

static int set_protocol(const wchar_t *name, struct selection *selection)
{
    wchar_t key[32];

    _snwprintf(key, 31, L"p %ls", name);
    key[31] = L'\0';
    text_require_switch(key);
    for (int i = 0; i < PROTOCOL_COUNT; i++)
        selection->wanted[i] = same_text(name, names[i]);
    return 1;
}

/* The letters of one argument such as "-ano"; sets named to 1 where the protocol is the next argument. */
static void read_letters(const wchar_t *letters, struct selection *selection, int *protocol_follows)
{
    wchar_t letter[2] = L"";

    if (!*letters)
        text_usage();
    for (; *letters; letters++) {
        letter[0] = *letters;
        text_require_switch(letter);
        if (same_text(letter, L"a"))
            selection->all = 1;
        else if (same_text(letter, L"o"))
            selection->owner = 1;
        else if (same_text(letter, L"p"))
            *protocol_follows = 1;
    }
}

int wmain(int count, wchar_t **arguments)
{
    struct selection selection = {0, 0, {1, 1, 1, 1}};
    int protocol_follows = 0;

    text_load(L"netstat");
    for (int i = 1; i < count; i++) {
        if (protocol_follows)
            protocol_follows = !set_protocol(arguments[i], &selection);
        else if (arguments[i][0] == L'-' || arguments[i][0] == L'/')
            read_letters(arguments[i] + 1, &selection, &protocol_follows);
        else
            text_usage();
    }
    if (protocol_follows)
        text_usage();
    text_write(TO_STDOUT, selection.owner ? L"head.owner" : L"head", NULL);
    for (int i = 0; i < PROTOCOL_COUNT; i++)
        if (selection.wanted[i])
            print_rows((enum protocol)i, &selection);
    text_exit(0);
    return 0;
}
