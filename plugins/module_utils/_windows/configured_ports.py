# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where services keep the ports that an administrator gave them: values of their key `Parameters`, one row each.

Other services keep theirs elsewhere, and nothing is read of them: NPS in ias.mdb or ias.xml (IAS Tools and Settings,
cc739394; the export of NPS lists its registry values, and none of them is a port), WireGuard, NetBird and OpenVPN in
files of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AD_LDS, WDS = "ad_lds", "wds"

LDAP_PORT, SSL_PORT = "Port LDAP", "Port SSL"
RANGE_POLICY, RANGE_START, RANGE_END = "UdpPortPolicy", "UdpStartPort", "UdpEndPort"
ANY_FREE_PORT = 0
"""UdpPortPolicy: WDS asks Windows for any free port (KB977512: 2008 R2 and later; WdsTptUdpPortPolicyDynamic)."""


@dataclass(frozen=True)
class PortKey:
    """The values of one kind of service.

    Attributes:
        service: a regular expression for the service's key below ``Services``.
        values: names of the values, REG_DWORD each.
        source: where this is documented.
    """

    service: str
    values: tuple[str, ...]
    source: str

    def matches(self, service: str) -> bool:
        """Return whether this is the key of such a service, without regard to case."""
        return re.fullmatch(self.service, service, re.IGNORECASE | re.ASCII) is not None


PORT_KEYS: dict[str, PortKey] = {
    AD_LDS: PortKey(
        r"ADAM_[^\\]{1,60}",
        (LDAP_PORT, SSL_PORT),
        "public scripts that document instances read both from the instance's Parameters; dsdbutil writes them there"
        " (ConfigureAdam.ps1 in 'Modify AD LDS configuration', aa997269)",
    ),
    WDS: PortKey(
        "WDSServer",
        (RANGE_POLICY, RANGE_START, RANGE_END),
        "KB977512 (UdpPortPolicy); WDS opens its Parameters and reads the three (public analysis of its"
        " CUdpPortRange::Initialize)",
    ),
}
"""By the name that rows of the catalogue use."""

PORT_VALUES: frozenset[str] = frozenset(name for key in PORT_KEYS.values() for name in key.values)
