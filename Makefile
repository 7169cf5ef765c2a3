# SPDX-FileCopyrightText: 2026 portkeeper.windows_dns contributors
# SPDX-License-Identifier: GPL-3.0-or-later

VENV := .venv
PYTHON := $(VENV)/bin/python
PYTEST := $(PYTHON) -m pytest
LAB := PYTHONPATH=lab $(PYTHON) -m portkeeper_lab

.DEFAULT_GOAL := help
.PHONY: help setup setup-lab demo test test-fast lint types unit contract lab-tests integration molecule ansible-test ansible-lint fuzz build clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Make the virtual environment
	@scripts/setup venv

setup-lab: ## Install what the lab needs (Debian packages and the Wine root: needs root)
	@scripts/setup lab

demo: setup-lab ## Show the main job on a lab host, from the conflict to the proof
	@$(PYTHON) scripts/demo.py

test: setup-lab ## Run all checks
	@scripts/run-checks lint types ansible-lint unit contract lab-tests integration molecule ansible-test

test-fast: setup ## Run the checks that need less than a minute
	@scripts/run-checks lint types unit contract

lint: ## Check style (ruff, yamllint)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m yamllint --strict .

types: ## Check types (mypy strict)
	$(PYTHON) scripts/check_types.py

unit: ## Run the unit tests
	$(PYTEST) -q -n 2 tests/unit

contract: ## Run the contract tests
	$(PYTEST) -q -n 2 tests/contract

lab-tests: ## Run the lab's own tests
	$(PYTEST) -q -n 2 lab/tests

integration: ## Run the integration tests on lab hosts
	$(PYTEST) -q -n 2 --dist loadfile tests/integration

molecule: ## Run the Molecule scenario on a lab host
	$(PYTHON) scripts/molecule.py

ansible-lint: ## Run ansible-lint with the production profile
	$(PYTHON) scripts/ansible_lint.py

ansible-test: ## Run ansible-test sanity and units on the oldest and the newest ansible-core
	$(PYTHON) scripts/ansible_test.py sanity units

fuzz: .cache/fuzz-venv/done ## Fuzz the readers of foreign text, guided by coverage (FUZZ_SECONDS=60 in all)
	.cache/fuzz-venv/bin/python tests/fuzz/fuzz.py

.cache/fuzz-venv/done: requirements/fuzz.txt
	python3 -m venv .cache/fuzz-venv
	.cache/fuzz-venv/bin/python -m pip install -q --disable-pip-version-check -r requirements/fuzz.txt
	touch $@

build: ## Build the collection's artifact into dist/
	$(VENV)/bin/ansible-galaxy collection build --force --output-path dist .

clean: ## Remove what was made in this folder (the lab's cache stays)
	rm -rf .cache dist build collections tests/output
