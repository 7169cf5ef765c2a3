# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read from an error of a Kerberos library whether the KDC refused the user. Only numbers decide: texts are translated.

Three libraries hand out the same number, which MIT and Heimdal make of RFC 4120's (section 7.5.9) and the base of their
table: krb5 (for a password, through pyspnego) as `err_code`, gssapi (below pyspnego's error, as `base_error`) as
`min_code`, without a sign, and pykerberos (while pywinrm handles it) as the last of its arguments.
"""

from __future__ import annotations

_BASE = -1765328384
"""ERROR_TABLE_BASE_krb5 of krb5.h."""

_REFUSED = {
    1,  # KDC_ERR_NAME_EXP: the account has expired
    6,  # KDC_ERR_C_PRINCIPAL_UNKNOWN
    18,  # KDC_ERR_CLIENT_REVOKED: disabled, locked
    23,  # KDC_ERR_KEY_EXPIRED: the password has expired
    24,  # KDC_ERR_PREAUTH_FAILED: a wrong password
    31,  # KRB_AP_ERR_BAD_INTEGRITY: the same, where the KDC wants no preauthentication
}
_DEPTH = 8
"""Errors below one another that are looked at."""


def refused_by_kdc(error: BaseException) -> bool:
    """Return whether the KDC refused user or password: another attempt would be counted as well."""
    seen: BaseException | None = error
    for _level in range(_DEPTH):
        if seen is None:
            return False
        number = _number(seen)
        if number is not None:
            return (number - _BASE) % 2**32 in _REFUSED
        below = getattr(seen, "base_error", None)
        seen = below if isinstance(below, BaseException) else seen.__cause__ or seen.__context__
    return False


def _number(error: BaseException) -> int | None:
    """Return the number of a Kerberos library's own error; None for any other."""
    found: object = None
    if type(error).__name__ == "Krb5Error":
        found = getattr(error, "err_code", None)
    elif hasattr(error, "maj_code"):
        found = getattr(error, "min_code", None)
    elif type(error).__name__ == "GSSError" and len(error.args) == 2 and isinstance(error.args[1], tuple):
        found = error.args[1][-1] if error.args[1] else None
    return found if isinstance(found, int) else None
