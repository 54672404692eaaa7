# Two commands do all the set-up themselves: `make quick` (the main job) and `make check` (format, lint, types,
# import contracts, tests).
PYTHON ?= $(shell command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: quick check lint test every-task lock clean

quick: $(VENV)/installed
	$(BIN)/samepanel run quick

check: lint test

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/installed
	rm -f .coverage .coverage.*
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --cov --cov-report=term --cov-fail-under=90

# The contract tests on all of Meta-World's tasks, too, of which `test` takes one: 5 minutes.
every-task: $(VENV)/installed
	SAMEPANEL_EVERY_TASK=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile tests/contract

$(VENV)/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	touch $@

# Pins with hashes, for every platform, naming no index. Needs `uv`.
lock:
	uv pip compile --quiet --python 3.12 --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--group dev pyproject.toml -o requirements.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
