# Two commands are all a newcomer needs: `make nightly` and `make test`.
# Everything is written inside this folder: .venv, .tools, .cache and var.

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
UV_VERSION := 0.13.9
TAUARGUS_VERSION := 0.6.0
MUTMUT_VERSION := 3.8.1
ROOT := $(CURDIR)
# How often `make faults` kills a publication.
KILLS ?= 200
# What is installed beside the core; add --extra recogniser for a second look at identifiers.
EXTRAS ?= --extra demo --extra sources --extra revisions

export UV_CACHE_DIR := $(ROOT)/.cache/uv
export UV_COMPILE_BYTECODE := 1
export UV_NO_PROGRESS := 1
# The certificates that the system trusts, which an agency may have added to.
export UV_SYSTEM_CERTS := 1
export UV_PROJECT_ENVIRONMENT := $(ROOT)/.venv
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export XDG_CACHE_HOME := $(ROOT)/.cache
# Neither the orchestrator nor any other dependency reports home.
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export GX_ANALYTICS_ENABLED := false
export PREFECT_HOME := $(ROOT)/var/prefect
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV

BIN := .venv/bin
UV := .tools/bin/uv

.DEFAULT_GOAL := help
.PHONY: help setup nightly up down test check lint unit flows browser faults bench bench-suppression mutants docs lock deployments schemas clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

nightly: setup ## Set everything up and publish the demonstration departments to the local portal
	@$(BIN)/opengazette nightly

test: setup ## Set everything up and run every check and test
	@$(MAKE) --no-print-directory lint
	@$(BIN)/opengazette check
	@$(BIN)/pytest -n 2 --dist loadgroup

up: setup ## Run portal, orchestrator, worker and schedules in the foreground
	@$(BIN)/opengazette up

down: setup ## Stop what runs in the background
	@$(BIN)/opengazette down

check: setup ## Check every contract, suite and cross-reference, without touching a department
	@$(BIN)/opengazette check

lint: setup ## Format, lint, type and layer checks
	@$(BIN)/ruff format --check --quiet . || { echo "Run '$(BIN)/ruff format .'"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(UV) lock --check --quiet

unit: setup ## Only the tests that need no server and no browser
	@$(BIN)/pytest -m "not servers and not browser"

flows: setup ## Only the tests against real servers
	@$(BIN)/pytest -m servers

browser: setup ## Only the tests in a real Chromium
	@$(BIN)/pytest -m browser

faults: setup ## Every fault at every place by each protocol, and 200 kills; takes hours, writes docs/operators/faults.md
	@FAULTS=all KILLS=$(KILLS) $(BIN)/pytest tests/faults tests/contract/test_publication_killed.py \
	  tests/contract/test_taking_back.py tests/contract/test_plans.py tests/contract/test_watch.py \
	  tests/contract/portal/test_portal_killed.py

bench: setup ## Measure against named baselines
	@$(BIN)/python -m benchmarks $(BENCH)

bench-suppression: setup .cache/tauargus/.ready-$(TAUARGUS_VERSION) ## Measure suppression beside tau-ARGUS, up to 200,000 cells
	@$(BIN)/python -m benchmarks suppression $(BENCH)

mutants: setup ## Change what decides on masking, one place at a time, and see whether a test notices
	@$(UV) run --no-sync --with mutmut==$(MUTMUT_VERSION) mutmut run
	@$(UV) run --no-sync --with mutmut==$(MUTMUT_VERSION) mutmut results

# The peer lives in an environment of its own, apart from the locked dependencies.
.cache/tauargus/.ready-$(TAUARGUS_VERSION):
	@echo "Installing pytauargus $(TAUARGUS_VERSION) into .cache/tauargus ..."
	@$(PYTHON) -m venv .cache/tauargus
	@.cache/tauargus/bin/python -m pip install --quiet pytauargus==$(TAUARGUS_VERSION)
	@touch $@

docs: setup ## Build the documentation site into site/
	@$(BIN)/zensical build --clean

deployments: setup ## Write deployments/prefect.yaml from the contracts
	@$(BIN)/opengazette deploy --write

schemas: setup ## Write the editors' JSON schemas and the contract reference
	@$(BIN)/opengazette schemas
	@$(BIN)/python -c 'from opengazette.documentation.contract_reference import contract_reference as r; print(r(), end="")' \
	  > docs/reference/contract.md

lock: $(UV) ## Resolve the dependencies anew
	@$(UV) lock --upgrade

clean: ## Remove everything that was made here, published tables and archive included
	rm -rf .venv .tools .cache var site mutants

setup: .venv/.ready

.venv/.ready: pyproject.toml uv.lock $(UV)
	@echo "Installing the locked dependencies into .venv ..."
	@$(UV) sync --locked $(EXTRAS) --quiet --python $(PYTHON)
	@touch $@

$(UV):
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) is not installed. Install Python 3.11, or name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Installing uv $(UV_VERSION) into .tools ..."
	@$(PYTHON) -m venv .tools || { \
	  echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@.tools/bin/python -m pip install --quiet uv==$(UV_VERSION)
