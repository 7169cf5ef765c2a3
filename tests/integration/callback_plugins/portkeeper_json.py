# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stdout callback for the tests: one JSON line per task result, one for the statistics."""

from __future__ import annotations

import json

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: portkeeper_json
type: stdout
short_description: One JSON line per task result
description: One JSON line per task result, for tests.
extends_documentation_fragment: default_callback
"""


class CallbackModule(CallbackBase):
    """Print what a test needs to see, and nothing for people."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "portkeeper_json"

    def _show(self, result, kind):
        shown = dict(result._result)
        shown["_kind"] = kind
        name = result._task.get_name().rsplit(" : ", 1)[-1]
        print(json.dumps({"task": name, "host": result._host.get_name(), "result": shown}, default=str), flush=True)

    def v2_runner_on_ok(self, result):
        self._show(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._show(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result):
        self._show(result, "unreachable")

    def v2_runner_on_skipped(self, result):
        self._show(result, "skipped")

    def v2_playbook_on_stats(self, stats):
        print(json.dumps({"stats": {host: stats.summarize(host) for host in stats.processed}}), flush=True)
