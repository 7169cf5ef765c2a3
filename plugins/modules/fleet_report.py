# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin fleet_report."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_report
short_description: Turn the artifacts of a run into reports
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Reads the artifacts that M(portkeeper.windows_dns.port_reservations) wrote, and writes a report on all hosts as one
    self-contained HTML file, text for the terminal, Markdown for a ticket, JUnit XML for a pipeline, metrics for
    node_exporter's textfile collector, and JSON.
  - Hosts with a finding come first, worst first, then hosts that could not be evaluated, then hosts in order.
  - Text and Markdown name at most 100 hosts of a kind, the worst first, and count the others. The other formats have
    every host.
  - Contacts no host. Like M(portkeeper.windows_dns.fleet_gate) it acts once in a play, on the last host that is still
    in it, and gives each host the same status as the gate.
  - An expected host without an artifact, or with an artifact that cannot be used, is V(unknown) in the report.
  - It never fails because of what it finds; M(portkeeper.windows_dns.fleet_gate) does.
  - The same artifacts give the same files, except for the time of the report and the ages that depend on it.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.fleet
  - portkeeper.windows_dns.controller
options:
  earlier:
    description:
      - Folder with the artifacts of an earlier run. The report then says per host what is new, fixed or still there,
        and which values somebody else has changed, that is, which are neither unchanged nor as this collection wrote
        them.
    type: path
  dest:
    description: Folder of the reports. The default is the run's folder in the first one of O(artifacts_dir).
    type: path
  formats:
    description:
      - The formats to write. The files are named C(report.html), C(report.txt), C(report.md), C(report.xml),
        C(report.prom) and C(report.json).
      - Only their owner can read them.
    type: list
    elements: str
    choices: [html, text, markdown, junit, prometheus, json]
    default: [html, text, markdown, junit, prometheus, json]
  prometheus_file:
    description: A file for node_exporter that ends in C(.prom), instead of C(report.prom) in O(dest).
    type: path
  prometheus_mode:
    description: Permissions of the file for node_exporter, which often runs as another user, such as V(0644).
    type: str
    default: "0600"
  title:
    description: Heading of the report.
    type: str
    default: Port reservations of the DNS servers
  show:
    description: Whether to show the text in the terminal, too.
    type: bool
    default: true
attributes:
  idempotent:
    support: full
    details:
      - The report is written again each time. That is not reported as a change.
seealso:
  - module: portkeeper.windows_dns.fleet_gate
  - module: portkeeper.windows_dns.port_reservations
  - name: Reading the report
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/reading_the_report.md
    description: What each part of the report means.
"""

EXAMPLES = r"""
- name: Report this run before the gate decides
  portkeeper.windows_dns.fleet_report:
    artifacts_dir: artifacts
    run_id: nightly

- name: Write the file for node_exporter only
  portkeeper.windows_dns.fleet_report:
    artifacts_dir: artifacts
    run_id: nightly
    formats: [prometheus]
    prometheus_file: textfile_collector/portkeeper.prom
    prometheus_mode: "0644"
    show: false
"""

RETURN = r"""
acted:
  description: Whether the task of this host wrote the report.
  returned: always
  type: bool
  sample: true
files:
  description: The files that were written, by format.
  returned: always
  type: dict
  sample:
    text: artifacts/nightly/report.txt
msg:
  description: The hosts that are not in order, in one sentence.
  returned: always
  type: str
  sample: "1 drifted, 1 safe: client02 (drifted)"
"""
