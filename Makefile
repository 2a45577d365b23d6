# The two commands of the README: `make demo` and `make test`. Both make their own environment in .venv.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)

ifdef UV
CREATE := $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
else
CREATE := $(PYTHON) -m venv $(VENV)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.PHONY: setup demo test lint format clean

setup: $(VENV)/.installed

demo: setup
	$(BIN)/foldline compare fashion-mini --out foldline-compare-demo
	cp foldline-compare-demo/report.html report.html
	@echo "Open report.html in a browser."

test: $(VENV)/.installed-dev lint
	$(BIN)/pytest -n auto --maxprocesses 4 tests src/foldline

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix src tests benchmarks examples
	$(BIN)/ruff format src tests benchmarks examples

$(VENV)/.installed: pyproject.toml
	$(CREATE)
	$(INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml
	$(CREATE)
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
