# Two commands: `make demo` scores the example clips; `make test` runs lint, types, import layers and tests.
# Both make .venv first when it is missing or older than what it is made from.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test install
.DEFAULT_GOAL := test

install: .venv/.installed

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "the pinned environment needs Python 3.11 to 3.13; set one with: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: .venv/.installed
	$(BIN)/drasp score docs/examples/clips --prompts docs/examples/prompts.txt --format table
	@echo
	$(BIN)/drasp score docs/examples/clips --prompts docs/examples/prompts.txt --quiet --format csv > .venv/demo-scores.csv
	$(BIN)/drasp rank-systems .venv/demo-scores.csv --format table

test: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest
