# Everything lives in .venv.  `make demo` and `make test` set up whatever they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One thread a calculation; the parallelism is in the number of calculations.
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow wheel-test lint format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install rarebind and its tools into .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "rarebind needs Python 3.11 to 3.13, found %d.%d: call make PYTHON=python3.12, say" % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[architector-wheels,dft,experiment,learn,soap,serve,dev]'
	$(BIN)/python -m pip install --quiet --no-deps architector==0.0.10
	@touch $@

demo: $(READY) ## Screen six ligands against La, Eu and Lu
	$(BIN)/rarebind screen examples/ligands.csv --metals La Eu Lu --geometries 1:6

test: $(READY) ## Run the fast tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-slow: $(READY) ## Run the tests that take minutes
	$(BIN)/python -m pytest -m slow

# An environment with nothing in it but the wheel and what that asks for; of the six ligands one that is
# grafted and one of another scaffold.
WHEEL := build/wheel
wheel-test: ## Build the wheel, and screen from it in an empty environment
	rm -rf $(WHEEL)
	mkdir -p $(WHEEL)
	$(PYTHON) -m venv $(WHEEL)/venv
	$(WHEEL)/venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir $(WHEEL) .
	$(WHEEL)/venv/bin/python -m pip install --quiet --constraint constraints.txt $(WHEEL)/rarebind-*.whl
	grep -E '^name|^HOPO-hydroxyl|^acetylacetone' examples/ligands.csv > $(WHEEL)/ligands.csv
	cd $(WHEEL) && venv/bin/rarebind screen ligands.csv --metals La Lu --geometries 1:6 --hops 2 --out out
	$(WHEEL)/venv/bin/python -c 'import json; found = json.load(open("$(WHEEL)/out/ranking.json")); assert [row["status"] for row in found["rows"]] == ["ok"] * 4, found["rows"]; assert found["engine"] == "tblite" and not found["note"], found["note"]'

lint: $(READY) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv and caches
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache
