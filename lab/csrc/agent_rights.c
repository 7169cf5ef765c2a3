/* Copyright (c) 2026 portkeeper.windows_dns contributors
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* Commands of users who are no administrators: a token without that group, and keys that only the group may read.
 *
 * Wine checks the security of a registry key against the token when the key itself is opened, and does not keep it in
 * its files. So the keys are locked each time before such a command starts: what was made meanwhile is locked, too.
 */
#include "agent.h"

#include <sddl.h>

#define NAME_ROOM 256
#define ONLY_ADMINISTRATORS L"O:BAG:BAD:P(A;CI;GA;;;BA)(A;CI;GA;;;SY)"

struct locked_key {
    const wchar_t *path;
    int with_subkeys;
};

/* What the collection reads. Windows NT\CurrentVersion stays open: `ver` of Wine lives on it. */
static const struct locked_key locked[] = {
    {L"SOFTWARE", 0},
    {L"SOFTWARE\\portkeeper", 1},
    {L"SOFTWARE\\Microsoft\\MSSQLServer", 1},
    {L"SOFTWARE\\Microsoft\\Microsoft SQL Server", 1},
    {L"SOFTWARE\\Wow6432Node\\Microsoft\\MSSQLServer", 1},
    {L"SOFTWARE\\Wow6432Node\\Microsoft\\Microsoft SQL Server", 1},
    {L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\HotFix", 1},
    {L"SYSTEM\\CurrentControlSet\\Services", 1},
    {L"SYSTEM\\CurrentControlSet\\Control\\ProductOptions", 0},
    {L"SYSTEM\\CurrentControlSet\\Control\\Windows", 0},
    {L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management", 1},
};

static void lock_key(HKEY parent, const wchar_t *path, int with_subkeys, PSECURITY_DESCRIPTOR security)
{
    const DWORD parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    wchar_t name[NAME_ROOM];
    HKEY key;

    if (RegOpenKeyExW(parent, path, 0, KEY_READ | WRITE_DAC | WRITE_OWNER, &key))
        return;
    RegSetKeySecurity(key, parts, security);
    for (DWORD i = 0; with_subkeys; i++) {
        DWORD room = NAME_ROOM;
        if (RegEnumKeyExW(key, i, name, &room, NULL, NULL, NULL, NULL))
            break;
        lock_key(key, name, 1, security);
    }
    RegCloseKey(key);
}

static void lock_keys(void)
{
    PSECURITY_DESCRIPTOR security;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(ONLY_ADMINISTRATORS, SDDL_REVISION_1, &security, NULL))
        die();
    for (size_t i = 0; i < sizeof(locked) / sizeof(*locked); i++)
        lock_key(HKEY_LOCAL_MACHINE, locked[i].path, locked[i].with_subkeys, security);
    LocalFree(security);
}

HANDLE limited_token(void)
{
    static HANDLE token;
    BYTE administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(administrators);
    SID_AND_ATTRIBUTES without = {administrators, 0};
    HANDLE own;

    lock_keys();
    if (token)
        return token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own) ||
        !CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size) ||
        !CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, 1, &without, 0, NULL, 0, NULL, &token))
        die();
    CloseHandle(own);
    return token;
}
