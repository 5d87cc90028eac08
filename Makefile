.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Where Python may not keep compiled modules, each of a run's processes compiles all that it loads: a sixth of a small run.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install run test test-long ui lint lint-style lint-types lint-sql format bench bench-identity bench-landing bench-rederive lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

install: $(READY) ## Make .venv from the lock file, with the concord command in it

# The lock names all there is to install: where pip looks for more, a release newer than the lock can be in its way.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Concord needs Python 3.11; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/pip check --quiet --disable-pip-version-check
	@touch $(READY)

run: install ## Run the main job: on ./exports, or on a made-up sample in ./sample where there are none
	$(BIN)/concord run --or-sample

test: install ## Run the tests, a module at a time, one more at once than there are cores: runs wait for disks
	$(BIN)/pytest --numprocesses $$(($$(nproc) + 1)) --dist loadfile --no-loadscope-reorder

test-long: install ## Run the tests that take whole runs more: faults of the machine, the same again elsewhere
	$(BIN)/pytest -m long

ui: install ## Open Dagster on http://127.0.0.1:3000
	$(BIN)/concord ui

lint: lint-style lint-types lint-sql ## Check style, types and SQL

lint-style: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: install
	$(BIN)/mypy

lint-sql: install
	$(BIN)/sqlfluff lint --disable-progress-bar transforms/dbt/models

format: install ## Put Python and SQL into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar transforms/dbt/models

bench: install ## Measure the whole way of a row on 1,000,000 sample records
	$(BIN)/python -m tests.bench.whole_way

bench-identity: install ## Measure identity beside stock Splink on labelled sets and 1,000,000 sample records
	$(BIN)/python -m tests.bench.identity

bench-landing: install ## Measure landing beside Polars on exports of 1 GB
	$(BIN)/python -m tests.bench.landing

bench-rederive: install ## Derive every value of 100,000 sample records a second way, and compare
	$(BIN)/python -m tests.rederive

lock: install ## Renew requirements.lock from pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --upgrade \
		--python-version 3.11 --extra dev --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean: ## Remove what can be made again; data, exports and policy stay
	rm -rf $(VENV) build sample .pytest_cache .mypy_cache .ruff_cache .hypothesis transforms/dbt/target transforms/dbt/logs
