# Two commands: `make run` serves, `make test` proves. They need Python 3.11 or later and make, nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --group build

RUNS   ?= 5
ARGS   ?=

.PHONY: run test test-hard fuzz-console look check bench bench-console storm screens lock install install-dev clean
.DELETE_ON_ERROR:

run: install
	$(BIN)/rj up --demo

test: install-dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# The whole suite five times beside a CPU hog, each time in another order: an hour or so.
test-hard: install-dev
	$(BIN)/python -m tests.hard --runs $(RUNS) $(ARGS)

# Ten thousand posts to the forms of the console: half an hour or so.
fuzz-console: install-dev
	RJ_FUZZ_POSTS=10000 $(BIN)/python -m pytest tests/console/acting/test_fuzz.py

check: install-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	$(BIN)/squawk stores/migrations/*.sql
	$(BIN)/temporalint workflows activities worker.py
	$(BIN)/python -m cli.docs --check

# How long the commands take, then what a step costs: three minutes.
bench: install
	$(BIN)/python -m benchmarks.commands
	$(BIN)/python -m benchmarks

# How quick and how heavy the pages are on a hundred thousand referrals: half an hour or so, and 14 GB for that time.
bench-console: install-dev
	$(BIN)/python -m benchmarks.console

# Every page as every role in a browser: a quarter of an hour. The suite looks at each page as one role.
look: install-dev
	RJ_EVERY_ROLE=1 $(BIN)/python -m pytest -q tests/browser/test_every_page.py

# The pictures of docs/screens, taken anew.
screens: install-dev
	$(BIN)/python -m tests.browser.screens

# Ten thousand deadlines at once: an hour or so.
storm: install
	$(BIN)/python -m benchmarks.storm

# Both files are written from pyproject.toml; nobody edits them.
lock: install-dev
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

# A stamp is newer than what it was made from, so a second `make` installs nothing.
$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
