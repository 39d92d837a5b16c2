# Two commands do everything on a fresh machine that has Python, make and git:
#   make demo    1,000 imitation people searched, bought, loaded and queried
#   make test    the test suite
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(shell command -v uv 2>/dev/null)
# The first interpreter that fits; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)

# Tests start interpreters by the dozen: what they compile is kept, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test thorough chaos bench check format docs lock clean

help: ## what there is to run
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## .venv with the locked dependencies and leadsync itself

$(STAMP): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "leadsync needs Python 3.11, 3.12 or 3.13 on PATH (or: make PYTHON=/path/to/python ...)" >&2; exit 2; fi
ifneq ($(UV),)
	@UV_PYTHON_DOWNLOADS=never uv venv --quiet --clear --python "$(PYTHON)" $(VENV)
	@uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	@touch $(STAMP)

demo: $(STAMP) ## search, buy and load 1,000 imitation people; then the same again for nothing
	@$(BIN)/python -m scripts.demo

test: $(STAMP) ## the test suite
	@$(BIN)/python -m pytest -n 3 --dist worksteal

thorough: $(STAMP) ## the test suite and further variants of its longer tests
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m ""

chaos: $(STAMP) ## every named moment by itself, long random histories, 200 kills; writes docs/chaos.md
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m "" tests/chaos
	@$(BIN)/python -m tests.chaos.kills --kills 200 --seed 1 --write docs/chaos.md

bench: $(STAMP) ## every figure, measured here; writes docs/benchmarks.md (some twenty minutes; leave the machine alone)
	@$(BIN)/python -m benchmarks

check: $(STAMP) ## lint, format, types, import rules, lock file, generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m scripts.lock --check
	@$(BIN)/python -m scripts.docs --check

format: $(STAMP) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(STAMP) ## write docs/reference anew from the code
	@$(BIN)/python -m scripts.docs

lock: $(STAMP) ## resolve pyproject.toml anew into requirements.lock
	@$(BIN)/python -m scripts.lock

clean: ## remove .venv and what the tools cached
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
