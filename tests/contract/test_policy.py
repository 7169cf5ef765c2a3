# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/policy.md, the documentation fragment and the spec agree."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.portkeeper.windows_dns.plugins.doc_fragments.policy import ModuleDocFragment
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.exclusions import (
    HELD,
    IN_BLOCK,
    NO_CONTEXT,
    UNKNOWN_TABLE,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.settings import (
    POOL_MISFIT,
    PRUNE_REFUSED,
    UNPARSABLE,
    UNREADABLE,
    WRONG_TYPE,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import PLAN_SPEC, RUN_SPEC
from ansible_collections.portkeeper.windows_dns.tests.contract.sources import PLUGINS, sources_below
from ansible_collections.portkeeper.windows_dns.tests.contract.specs import facets
from checkout import CHECKOUT


@pytest.mark.parametrize(("spec", "text"), [(PLAN_SPEC, "DOCUMENTATION"), (RUN_SPEC, "RUN")])
def test_the_fragment_documents_the_spec(spec: dict[str, dict[str, Any]], text: str) -> None:
    documented = yaml.safe_load(getattr(ModuleDocFragment, text))["options"]
    assert {name: facets(row) for name, row in documented.items()} == {name: facets(row) for name, row in spec.items()}
    assert list(documented) == list(spec)


def test_every_problem_of_the_plan_is_documented() -> None:
    documented = (CHECKOUT / "docs" / "plan.md").read_text(encoding="utf-8")
    core = (CHECKOUT / "plugins" / "module_utils", f"{PLUGINS}.module_utils")
    sources = sources_below(*core, pattern="_plan/*.py")
    calls = [call for source in sources for call in source.text.split("make_problem(")[1:]]
    named = {name.strip('"') for call in calls if (name := call.split(",")[0].strip()).startswith('"')}
    constants = {
        POOL_MISFIT,
        PRUNE_REFUSED,
        UNPARSABLE,
        UNREADABLE,
        WRONG_TYPE,
        HELD,
        IN_BLOCK,
        NO_CONTEXT,
        UNKNOWN_TABLE,
    }
    assert named
    assert [problem for problem in sorted(named | constants) if f"`{problem}`" not in documented] == []
