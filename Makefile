# Countinghouse: `make` lists what can be made. Python 3.11 or newer, make and a network for packages are all it takes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
export PORT

# Chromium for the browser tests, Redis for the second broker, npm for the local chain. Installed where that is possible,
# asked for where not.
TEST_PROGRAMS := chromium redis-server faketime npm
CHAIN := var/chain/installed

.DEFAULT_GOAL := help
.PHONY: help run test torture check bench demo-reset shell lock programs chain

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/runtime ## start everything: database, migrations, demo data, web server, workers (PORT=8000)
	@exec $(BIN)/python -m config.processes.supervisor

test: $(VENV)/develop programs $(CHAIN) ## run the whole test suite against a PostgreSQL of its own, browser tests included
	@ENVIRONMENT=test $(BIN)/python -m pytest --numprocesses=auto --dist=loadgroup $(ARGS)

torture: $(VENV)/develop programs ## the full crash and torture matrix (SEED=... replays, ROUNDS=... lengthens)
	@ENVIRONMENT=test $(BIN)/python -m pytest tests/crash --torture $(if $(SEED),--seed=$(SEED)) $(if $(ROUNDS),--rounds=$(ROUNDS)) $(ARGS)

check: $(VENV)/develop ## format, lint, types, architecture, migrations, templates, schema, docs
	@BIN=$(BIN) sh .ci/check

bench: $(VENV)/develop ## run every benchmark and write docs/benchmarks.md
	@$(BIN)/python manage.py bench --write docs/benchmarks.md

demo-reset: $(VENV)/runtime ## remove the embedded database and begin again with fresh demo data
	@$(BIN)/python -m config.processes.demo_reset

shell: $(VENV)/runtime ## a Python shell with the models loaded
	@$(BIN)/python manage.py shell

lock: $(VENV)/develop ## work out requirements.lock and requirements-dev.lock anew
	@$(BIN)/pip install --quiet uv
	@for set in requirements requirements-dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    $$set.in --output-file $$set.lock || exit 1; done

# One environment; the second set contains the first. A set is installed again only when its lock has changed.
$(VENV)/runtime: requirements.lock | $(VENV)/bin/python
	@test -e $(VENV)/develop || sh .ci/install $(BIN) requirements.lock
	@touch $@

$(VENV)/develop: requirements-dev.lock | $(VENV)/bin/python
	@sh .ci/install $(BIN) requirements-dev.lock
	@touch $@ $(VENV)/runtime

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed. Name it: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python can't make virtual environments here (Debian: apt-get install python3-venv)."; exit 1; }

programs:
	@sh .ci/programs $(TEST_PROGRAMS)

chain: $(CHAIN) ## install the local chain that the tests are paid on

$(CHAIN): tests/evm/package-lock.json .ci/chain | programs
	@sh .ci/chain $(@D)
	@touch $@
