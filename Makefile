# SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
# SPDX-License-Identifier: GPL-3.0-or-later

VENV := .venv
PYTHON := $(VENV)/bin/python
PYTEST := $(PYTHON) -m pytest
GATES := .cache/venv-gates/bin
THOROUGH := tests/unit/plugins/action/test_hostile_input.py tests/contract/test_artifact_alone.py
COVERAGE := $(if $(COVERED),--cov --cov-report=)
LAB := PYTHONPATH=lab $(PYTHON) -m portkeeper_lab

.DEFAULT_GOAL := help
.PHONY: bench bench-full faults test-faults help setup setup-lab setup-gates setup-browser demo test test-fast lint types unit golden contract coverage report-tests lab-tests integration molecule ansible-test ansible-lint changelog licences collection-docs docs galaxy-import execution-environment picture fuzz damage-list build clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Make the virtual environment
	@scripts/setup venv

setup-lab: ## Install what the lab needs (Debian packages and the Wine root: needs root)
	@scripts/setup lab

setup-browser: ## Install the browser in which the HTML report is looked at (Debian packages: needs root)
	@scripts/setup browser

setup-gates: ## Make the virtual environments of the linters and of galaxy-importer
	@scripts/setup gates

demo: setup-lab ## Show the main job on a lab host, from the conflict to the proof
	@$(PYTHON) scripts/demo.py

test: setup-lab setup-gates setup-browser ## Run all checks
	@rm -rf .cache/coverage
	@COVERED=yes scripts/run-checks lint types ansible-lint changelog licences collection-docs docs galaxy-import \
		execution-environment unit contract coverage report-tests lab-tests integration faults molecule ansible-test

test-fast: setup ## Run the checks that need less than a minute (all tests of unit and contract but two thorough ones)
	@PYTEST_ADDOPTS="$(addprefix --ignore=,$(THOROUGH))" scripts/run-checks lint types unit contract

lint: ## Check style (ruff, yamllint)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m yamllint --strict .

types: ## Check types (mypy strict)
	$(PYTHON) scripts/check_types.py

unit: export COVERAGE_FILE = $(CURDIR)/.cache/coverage/unit
unit: ## Run the unit tests
	$(PYTEST) -q -n 2 $(COVERAGE) tests/unit

golden: ## Write the golden files of all commands anew; read their diff
	PORTKEEPER_GOLDEN=write $(PYTEST) -q tests/unit/plugins/module_utils/_commands/test_golden.py

contract: export COVERAGE_FILE = $(CURDIR)/.cache/coverage/contract
contract: ## Run the contract tests
	$(PYTEST) -q -n 2 $(COVERAGE) tests/contract

coverage: ## Judge how much of plugins/ `make unit contract COVERED=yes` has run
	$(PYTHON) scripts/report_coverage.py

report-tests: ## Look at the HTML report in a browser
	$(PYTEST) -q -n 2 --dist loadfile tests/report

lab-tests: ## Run the lab's own tests
	$(PYTEST) -q -n 4 --dist worksteal lab/tests

integration: ## Run the integration tests on lab hosts
	$(PYTEST) -q -n 2 --dist loadfile tests/integration

faults: ## Cut the connection everywhere and break what can break, on lab hosts; PORTKEEPER_FAULTS=full for every point
	$(PYTEST) -q -n 6 --dist worksteal tests/faults

test-faults: setup-lab ## The same at every point
	PORTKEEPER_FAULTS=full $(MAKE) --no-print-directory faults

molecule: ## Run the Molecule scenario on a lab host
	$(PYTHON) scripts/molecule.py

ansible-lint: ## Run ansible-lint with the production profile
	$(PYTHON) scripts/ansible_lint.py

ansible-test: ## Run ansible-test sanity and units on the oldest and the newest ansible-core
	$(PYTHON) scripts/ansible_test.py sanity units

fuzz: .cache/fuzz-venv/done ## Fuzz the readers of foreign text, guided by coverage (FUZZ_SECONDS=60 in all); damage full pools
	.cache/fuzz-venv/bin/python tests/fuzz/fuzz.py
	PORTKEEPER_DAMAGE=full $(PYTEST) -q -n 2 tests/unit/plugins/module_utils/_facts/test_damage.py

damage-list: ## Write anew the list of damages that the readers cannot see, and its table in the documentation
	PORTKEEPER_DAMAGE=write $(PYTEST) -q -n 0 tests/unit/plugins/module_utils/_facts/test_damage.py

.cache/fuzz-venv/done: requirements/fuzz.txt
	python3 -m venv .cache/fuzz-venv
	.cache/fuzz-venv/bin/python -m pip install -q --disable-pip-version-check -r requirements/fuzz.txt
	touch $@

changelog: ## Lint the changelog's fragments (antsibull-changelog)
	$(GATES)/antsibull-changelog lint

licences: ## Check that every file carries its licence (REUSE)
	$(GATES)/reuse lint --lines

collection-docs: ## Lint the documentation of modules, filters and role (antsibull-docs)
	$(PYTHON) scripts/collection_docs.py

docs: ## Build the site into build/docs/html (Sphinx; warnings are errors)
	$(PYTHON) scripts/build_docs.py

galaxy-import: ## Import the built collection as Ansible Galaxy would (galaxy-importer)
	$(PYTHON) scripts/galaxy_import.py

picture: setup-browser ## Take the picture of a report that the documentation shows
	$(PYTHON) scripts/report_picture.py

execution-environment: ## Let ansible-builder read the metadata for execution environments
	$(PYTHON) scripts/execution_environment.py

bench: setup ## Measure against a hand-written role, short (under 5 minutes)
	$(PYTHON) bench/run.py

bench-full: setup ## Measure against a hand-written role, at up to 1,000 hosts
	$(PYTHON) bench/run.py --full

build: ## Build the collection's artifact into dist/
	$(PYTHON) scripts/build_collection.py

clean: ## Remove what was made in this folder (the lab's cache stays)
	rm -rf .cache dist build collections tests/output
