/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "draw.h"

#include <string.h>

struct random_state {
    uint64_t value;
};

/* splitmix64: short, and good enough to shuffle 64,000 ports evenly. */
static uint64_t next_random(struct random_state *state)
{
    uint64_t mixed = (state->value += 0x9E3779B97F4A7C15ull);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ull;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBull;
    return mixed ^ (mixed >> 31);
}

/* Rejection keeps every value equally likely. */
static uint64_t random_below(struct random_state *state, uint64_t bound)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value;

    do {
        value = next_random(state);
    } while (value >= limit);
    return value % bound;
}

struct draw_range draw_range_nt5(long long max_user_port)
{
    struct draw_range range = {DEFAULT_LOWEST_PORT, HIGHEST_PORT};

    if (max_user_port >= (long long)NT5_LOWEST_PORT) {
        range.low = NT5_LOWEST_PORT;
        range.high = max_user_port > (long long)HIGHEST_PORT ? HIGHEST_PORT : (unsigned)max_user_port;
    }
    return range;
}

size_t draw_order(const struct draw_request *request, uint16_t *order)
{
    static unsigned char used[PORT_SPACE];
    struct random_state state = {request->seed};
    size_t count = 0;
    size_t shuffled_from;

    memset(used, 0, sizeof(used));
    for (size_t i = 0; i < request->first_count; i++) {
        unsigned port = request->first[i];
        if (port < request->range.low || port > request->range.high || request->reserved[port] || used[port])
            continue;
        used[port] = 1;
        order[count++] = (uint16_t)port;
    }
    shuffled_from = count;
    for (unsigned port = request->range.low; port <= request->range.high; port++)
        if (!request->reserved[port] && !used[port])
            order[count++] = (uint16_t)port;
    for (size_t left = count - shuffled_from; left > 1; left--) {
        size_t last = shuffled_from + left - 1;
        size_t other = shuffled_from + (size_t)random_below(&state, left);
        uint16_t kept = order[last];
        order[last] = order[other];
        order[other] = kept;
    }
    return count;
}

/* Reads 1 to 5 digits that make a port; returns the number of characters, 0 where there is none. */
static size_t read_port(const char *text, unsigned *port)
{
    unsigned value = 0;
    size_t length = 0;

    while (length < 6 && text[length] >= '0' && text[length] <= '9')
        value = value * 10 + (unsigned)(text[length++] - '0');
    if (length == 0 || length > 5 || value == 0 || value > HIGHEST_PORT)
        return 0;
    *port = value;
    return length;
}

/* Reads "a-b" exactly; single says whether a bare "a" is taken, too. */
static int read_entry(const char *text, int single, unsigned *low, unsigned *high)
{
    size_t length = read_port(text, low);

    if (length == 0)
        return 0;
    if (single && text[length] == '\0') {
        *high = *low;
        return 1;
    }
    if (text[length] != '-')
        return 0;
    text += length + 1;
    length = read_port(text, high);
    return length != 0 && text[length] == '\0' && *low <= *high;
}

size_t draw_parse_ports(const char *const *entries, size_t count, unsigned *ports, size_t room)
{
    size_t written = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned low, high;
        if (!read_entry(entries[i], 1, &low, &high))
            continue;
        for (unsigned port = low; port <= high && written < room; port++)
            ports[written++] = port;
    }
    return written;
}

static int touches_another(const char *const *entries, size_t count, size_t own, unsigned low, unsigned high)
{
    for (size_t i = 0; i < count; i++) {
        unsigned other_low, other_high;
        if (i == own || !read_entry(entries[i], 0, &other_low, &other_high))
            continue;
        if (other_low <= high + 1 && low <= other_high + 1)
            return 1;
    }
    return 0;
}

void draw_reserve(const char *const *entries, size_t count, int split_honoured, unsigned char *reserved)
{
    memset(reserved, 0, PORT_SPACE);
    for (size_t i = 0; i < count; i++) {
        unsigned low, high;
        if (!read_entry(entries[i], 0, &low, &high))
            continue;
        if (!split_honoured && touches_another(entries, count, i, low, high))
            continue;
        memset(reserved + low, 1, high - low + 1);
    }
}
