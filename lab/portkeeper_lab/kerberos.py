# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos realm for one host: MIT's KDC on loopback, its accounts, and the keys of the host's WinRM service."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from portkeeper_lab.paths import LabError
from portkeeper_lab.winrm.authority import DOMAIN

REALM = DOMAIN.upper()
START_TIMEOUT = 20.0
SERVICES = ("HTTP", "WSMAN", "host")
"""What clients ask a ticket for by default: pywinrm, pypsrp through Ansible's plugin, pypsrp itself."""
PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit")
_SBIN = "/usr/sbin:/sbin"

_CLIENT = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
    {types}
[realms]
    {realm} = {{
        kdc = 127.0.0.1:{port}
    }}
[domain_realm]
    .{domain} = {realm}
[logging]
    kdc = FILE:{folder}/kdc.log
"""
_KDC = """\
[kdcdefaults]
    kdc_listen = ""
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {realm} = {{
        database_name = {folder}/principal
        key_stash_file = {folder}/stash
        acl_file = {folder}/acl
        supported_enctypes = {keys}
        default_principal_flags = +preauth
    }}
"""
_MODERN = ("aes256-cts:normal aes128-cts:normal", "")
_RC4_ONLY = (
    "arcfour-hmac:normal",
    "allow_weak_crypto = true\n    permitted_enctypes = arcfour-hmac",
)
"""Keys of the accounts, and what the KDC's own configuration adds: Server 2003 knows no newer type than RC4."""

_REQUEST = re.compile(r"\b(AS_REQ|TGS_REQ) .*?: ([A-Z_]+): ")


class Realm:
    """A KDC that runs as long as its host.

    Attributes:
        configuration: krb5.conf for clients; KRB5_CONFIG names it.
        acceptor_configuration: the same for the KDC and the host.
        keytab: of the host's WinRM service; KRB5_KTNAME names it.
        host: the name in the service's principal.
    """

    def __init__(self, folder: Path, computer: str, accounts: Mapping[str, str], rc4_only: bool = False) -> None:
        """Make the database and start the KDC.

        Args:
            folder: not there yet.
            computer: the host's NetBIOS name.
            accounts: names and passwords.
            rc4_only: as in a domain of Server 2003.

        Raises:
            LabError: a program is missing or fails.
        """
        missing = [name for name in PROGRAMS if not _which(name)]
        if missing:
            raise LabError(f"{', '.join(missing)} missing; `lab setup --install` as root installs them.")
        folder.mkdir(mode=0o700)
        self._folder = folder
        self.configuration, self.keytab = folder / "krb5.conf", folder / "http.keytab"
        self.host = f"{computer.lower()}.{DOMAIN}"
        self._port = _free_port()
        keys, added = _RC4_ONLY if rc4_only else _MODERN
        names = {"realm": REALM, "port": self._port, "domain": DOMAIN, "folder": folder}
        self.configuration.write_text(_CLIENT.format(types="", **names), encoding="ascii")
        self.acceptor_configuration = folder / "server.conf"
        self.acceptor_configuration.write_text(_CLIENT.format(types=added, **names), encoding="ascii")
        (folder / "kdc.conf").write_text(_KDC.format(keys=keys, **names), encoding="ascii")
        self._run("kdb5_util", "create", "-s", "-r", REALM, "-P", os.urandom(16).hex())
        queries = [f'addprinc -pw "{password}" "{name}"' for name, password in accounts.items()]
        for service in SERVICES:
            principal = f"{service}/{self.host}"
            queries += [f"addprinc -randkey {principal}", f"ktadd -k {self.keytab} {principal}"]
        self._run("kadmin.local", text="".join(f"{query}\n" for query in queries))
        self._process = subprocess.Popen(
            [_which("krb5kdc"), "-n", "-r", REALM], env=self._environment(), stdin=subprocess.DEVNULL
        )
        self._wait()

    def counts(self) -> dict[str, int]:
        """Return how often the KDC answered in which way, for example `AS_REQ PREAUTH_FAILED` for a wrong password."""
        log = self._folder / "kdc.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        return dict(Counter(f"{kind} {answer}" for kind, answer in _REQUEST.findall(text)))

    def facts(self, user: str) -> dict[str, str]:
        """Return what a client needs to know."""
        return {"configuration": str(self.configuration), "host": self.host, "principal": f"{user}@{REALM}"}

    def stop(self) -> None:
        """End the KDC."""
        self._process.terminate()
        self._process.wait()

    def _environment(self) -> dict[str, str]:
        ours = {"KRB5_CONFIG": str(self.acceptor_configuration), "KRB5_KDC_PROFILE": str(self._folder / "kdc.conf")}
        return {**os.environ, **ours}

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        done = subprocess.run(
            [_which(program), *arguments],
            input=text,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LabError(f"{program} failed: {done.stderr.strip()}")

    def _wait(self) -> None:
        end = time.monotonic() + START_TIMEOUT
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise LabError("The KDC did not start; kdc.log in its folder says why.") from None
                time.sleep(0.05)


def _which(program: str) -> str:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_SBIN}") or ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
