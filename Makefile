# SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
NOX := .venv/bin/nox --session
# What tries thousands of inputs, waits for deadlines or installs the archive is left to make test.
THOROUGH := tests/contract/test_artifact_alone.py tests/contract/test_checks.py $(addprefix tests/unit/plugins/,\
	action/test_hostile_input.py action/test_lost_answers.py module_utils/_facts/test_growth.py \
	plugin_utils/test_hostile_facts.py plugin_utils/test_hostile_output.py plugin_utils/_connection/test_http_limits.py \
	plugin_utils/_connection/test_ssh.py plugin_utils/_fleet/test_artifacts.py plugin_utils/_report/test_report_files.py \
	plugin_utils/_report/test_report_shapes.py)
FAST := lint types unit contract
# Side by side (a,b/c,d) is what keeps a single core busy; what needs the environment `gates` stands in one row.
STEPS := lint,types,ansible-lint,galaxy-import/changelog,licences,collection-docs,docs,execution-environment \
	unit contract coverage report-tests lab-tests integration faults \
	ansible-test-oldest,molecule/ansible-test-newest,core-newest,core-oldest/kerberos
CORES := 2.17 2.18 2.19 2.20
BETWEEN := $(foreach core,$(CORES),ansible-test-$(core) core-$(core))
COMMA := ,
ON_LAB := lab-tests integration faults ansible-test-oldest ansible-test-newest kerberos core-oldest core-newest molecule
CHECKS := $(subst $(COMMA), ,$(subst /,$(COMMA),$(STEPS)))

.DEFAULT_GOAL := help
.PHONY: $(CHECKS) bench bench-full test-faults test-cores test-execution-environment help setup setup-lab setup-gates setup-browser demo test test-fast golden picture fuzz damage-list build release release-dry clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 28
	@printf '\nOne check by its name (TESTING.md says what each proves):\n' && echo $(CHECKS) | fold -sw 100

setup: ## Make the virtual environment
	@scripts/setup venv

setup-lab: ## Install what the lab needs (Debian packages and the Wine root: needs root)
	@scripts/setup lab

setup-browser: ## Install the browser in which the HTML report is looked at (Debian packages: needs root)
	@scripts/setup browser

setup-gates: setup ## Make the virtual environment of the linters that do not go together with .venv
	@$(NOX) gates

demo: setup-lab ## Show the main job on a lab host, from the conflict to the proof
	@$(PYTHON) scripts/demo.py

test: setup-lab setup-browser ## Run all checks
	@rm -rf .cache/coverage
	@COVERED=yes $(PYTHON) scripts/run_checks.py $(STEPS)

test-fast: setup ## Run the checks that need about a minute (lint, types; unit and contract without the thorough tests)
	@PYTEST_ADDOPTS="-m 'not no_cover' $(addprefix --ignore=,$(THOROUGH))" $(PYTHON) scripts/run_checks.py $(FAST)

$(CHECKS): setup
	@$(NOX) $@

$(ON_LAB): setup-lab

report-tests: setup-browser

golden: setup ## Write the golden files of all commands anew; read their diff
	PORTKEEPER_GOLDEN=write $(PYTEST) -q tests/unit/plugins/module_utils/_commands/test_golden.py

test-faults: setup-lab ## Cut the connection at every point, as .ci/run does
	PORTKEEPER_FAULTS=full $(MAKE) --no-print-directory faults

test-cores: setup-lab ## Run the unit tests and the playbooks with each ansible-core between the oldest and the newest
	@$(PYTHON) scripts/run_checks.py $(BETWEEN)

test-execution-environment: setup-lab ## Build the execution environment of the example, and use it on a lab host
	@scripts/setup containers
	@$(NOX) execution-environment-built

fuzz: setup ## Fuzz the readers of foreign text, guided by coverage (FUZZ_SECONDS=60 in all); damage full pools
	$(NOX) fuzz

damage-list: setup ## Write anew the list of damages that the readers cannot see, and its table in the documentation
	PORTKEEPER_DAMAGE=write $(PYTEST) -q -n 0 tests/unit/plugins/module_utils/_facts/test_damage.py

picture: setup-browser ## Take the picture of a report that the documentation shows
	$(PYTHON) scripts/report_picture.py

bench: setup ## Measure against a hand-written role, short (under 5 minutes)
	$(PYTHON) bench/run.py

bench-full: setup ## Measure against a hand-written role, at up to 1,000 hosts
	$(PYTHON) bench/run.py --full

build: setup ## Build the collection's artifact into dist/
	$(PYTHON) scripts/build_collection.py

release: setup ## Make the files of a release into dist/, signed with KEY=ID (docs/releasing.md)
	$(PYTHON) scripts/release.py "$(KEY)"

release-dry: setup-lab ## Make a release in a copy, with a key for this run only, and try it on a lab host; publish nothing
	@scripts/setup signing
	@$(PYTHON) scripts/release.py --dry

clean: ## Remove what was made in this folder (the lab's cache stays)
	rm -rf .cache dist build collections tests/output
