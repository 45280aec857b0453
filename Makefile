# Two commands do everything on a fresh machine: `make demo` and `make test`. Both set up first.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3.11
VENV := functions/venv
BIN := $(VENV)/bin
# More do not help: the emulators take their share of the cores too.
WORKERS ?= 2
TEST_ARGS ?=

STAMPS := .local/setup
PYTHON_READY := $(STAMPS)/python
NODE_READY := $(STAMPS)/node
GRADIO := .local/gradio
GRADIO_READY := $(STAMPS)/gradio

.PHONY: help
help: ## List what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Make functions/venv and node_modules (the others do it first)
	@$(MAKE) -s -j2 $(PYTHON_READY) $(NODE_READY)

# The stamps depend on what defines an installation, and on its being there: a removed venv is made again.
ifeq ($(wildcard $(BIN)/python),)
.PHONY: $(PYTHON_READY)
endif
ifeq ($(wildcard node_modules/firebase-tools/package.json),)
.PHONY: $(NODE_READY)
endif

# requirements.txt locks everything with hashes, so pip takes no file that the lock does not know.
$(PYTHON_READY): requirements.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) is not installed. Install it: sudo apt-get install python3.11 python3.11-venv  (macOS: brew install python@3.11)"; \
	  echo "or name another, 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is too old: Troupe needs Python 3.11 or newer (make $(MAKECMDGOALS) PYTHON=python3.11)"; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "$(PYTHON) has no venv. Install it: sudo apt-get install python3.11-venv"; exit 1; }
	@echo "Installing Python packages into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@mkdir -p $(@D) && touch $@

$(GRADIO_READY): tests/fakes/f5tts-requirements.txt
	@echo "Installing Gradio, for the tests of f5tts, into $(GRADIO)"
	@[ -x $(GRADIO)/bin/python ] || $(PYTHON) -m venv $(GRADIO)
	@$(GRADIO)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@mkdir -p $(@D) && touch $@

$(NODE_READY): package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { \
	  echo "npm is not installed. Install Node 20 or newer: sudo apt-get install nodejs npm  (macOS: brew install node)"; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { \
	  echo "Node $$(node --version) is too old: the Firebase Emulator Suite needs Node 20 or newer (nodejs.org)"; exit 1; }
	@echo "Installing Node packages into node_modules"
	@npm ci --no-progress --loglevel=error
	@mkdir -p $(@D) && touch $@

.PHONY: demo
demo: setup ## Start a stack, speak four texts, leave audio and captions in out/, stop it
	@$(BIN)/python -m local demo

.PHONY: up
up: setup ## Run the local stack until Ctrl-C (UP_ARGS="--ports auto" for free ports)
	@$(BIN)/python -m local up $(UP_ARGS)

.PHONY: doctor
doctor: setup ## Say what the local stack needs, and what of it is here
	@$(BIN)/python -m local doctor

# Coverage is measured where everything runs; COVERAGE=1 or 0 says otherwise.
COVERAGE ?= $(if $(TEST_ARGS),0,1)
COVERAGE_ARGS := $(if $(filter 1,$(COVERAGE)),--cov)

# By the groups of tests/conftest.py.
.PHONY: test
test: ## Run all tests, with coverage (TEST_ARGS="tests/unit -k planner" for some)
	@$(MAKE) -s -j3 $(PYTHON_READY) $(NODE_READY) $(GRADIO_READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder $(COVERAGE_ARGS) $(TEST_ARGS)

.PHONY: test-fast
test-fast: setup ## Run the tests that need no browser and no whole stack: all but tests/e2e
	@$(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder --ignore tests/e2e $(TEST_ARGS)

# The same seed repeats the same requests.
FUZZ_EXAMPLES ?= 50
FUZZ_SEED ?= 20261123

.PHONY: fuzz
fuzz: setup ## Fuzz every operation at length (FUZZ_EXAMPLES=200 FUZZ_SEED=1)
	@FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) FUZZ_SEED=$(FUZZ_SEED) \
	  $(BIN)/python -m pytest tests/e2e/test_fuzz.py $(TEST_ARGS)

# What mypy checks: pyproject.toml says what is relaxed for tests and bench.
TYPED := functions/main.py functions/troupe local tools tests bench

.PHONY: lint
lint: setup ## Check style, types and layers, without tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(TYPED)
	@cd functions && venv/bin/lint-imports --config ../pyproject.toml

.PHONY: check
check: ## Everything that must hold before a commit: lint, then all tests
	@$(MAKE) -s lint
	@$(MAKE) -s test

.PHONY: hooks
hooks: setup ## Have git run the checks of .pre-commit-config.yaml before each commit
	@$(BIN)/pre-commit install

# For every platform, and every Python from 3.11 on. The deployed lock comes first: the others are
# constrained by it.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.PHONY: lock
lock: setup ## Write requirements.txt and those of functions from the .in files (LOCK_ARGS=--upgrade)
	@for name in functions/requirements functions/requirements-extras requirements; do \
	  $(LOCK) $(LOCK_ARGS) $$name.in -o $$name.txt || exit 1; done

.PHONY: licences
licences: setup ## Write the tables of docs/licences.md from what is installed
	@$(BIN)/python -m tools.licences

.PHONY: openapi
openapi: setup ## Write functions/openapi.json from the routes
	@cd functions && venv/bin/python -m troupe openapi

.PHONY: derived
derived: setup ## Write what follows from the code: openapi.json, firebase.json, the README's settings
	@cd functions && for name in openapi hosting settings; do venv/bin/python -m troupe $$name || exit 1; done

.PHONY: queries
queries: ## Run tests, record their queries in tests/queries.json, and write the indexes
	@$(MAKE) -s test TEST_ARGS="--write-queries $(TEST_ARGS)"

.PHONY: bench
bench: setup ## Measure, print a table, write bench/results.json
	@PYTHONPATH=functions $(BIN)/python -m bench

.PHONY: clean
clean: ## Remove everything that can be made again
	rm -rf $(VENV) node_modules .local out .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
