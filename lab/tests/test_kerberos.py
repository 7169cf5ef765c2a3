# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The realm of a host: who gets a ticket, and how the KDC's answers are counted."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

from portkeeper_lab.kerberos import REALM, SERVICES, Realm

ACCOUNT, PASSWORD = "Administrator", "Lab-Passw0rd"


def test_accounts_get_tickets_for_the_services_and_each_answer_is_counted(tmp_path: Path) -> None:
    realm = Realm(tmp_path / "realm", "DC2019", {ACCOUNT: PASSWORD})
    try:
        client = {"KRB5_CONFIG": str(realm.configuration), "KRB5CCNAME": f"FILE:{tmp_path / 'tickets'}"}

        def run(*command: str, typed: str = "") -> int:
            environment = {**os.environ, **client}
            done = subprocess.run(command, input=typed, text=True, capture_output=True, check=False, env=environment)
            return done.returncode

        assert run("kinit", f"{ACCOUNT}@{REALM}", typed="wrong\n") != 0
        assert realm.counts()["AS_REQ PREAUTH_FAILED"] == 1
        assert run("kinit", f"{ACCOUNT}@{REALM}", typed=f"{PASSWORD}\n") == 0
        assert run("kvno", *[f"{service}/{realm.host}" for service in SERVICES]) == 0
        assert realm.counts()["TGS_REQ ISSUE"] == len(SERVICES)
        assert stat.S_IMODE(realm.configuration.parent.stat().st_mode) == 0o700
    finally:
        realm.stop()
