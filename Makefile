# The two commands of the README are `make run` and `make test`; everything they need they make.
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
VAULT   ?=
ARCHIVE ?=
PIP     := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all:
WHEELS  ?=
OFFLINE := $(if $(WHEELS),--no-index --find-links $(WHEELS),)

.PHONY: env run test lint check bench bundle lock clean

env: $(VENV)/.run-ready

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "daylight needs Python 3.11 or newer; $(PYTHON) is older. Say PYTHON=python3.12, for example."; exit 2; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); if command -v uv >/dev/null; then uv venv --seed --python $(PYTHON) $(VENV); else echo "Python cannot make an environment here. On Debian: apt install python3-venv. Or install uv."; exit 2; fi; }

$(VENV)/.run-ready: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) $(OFFLINE) -r requirements/run.txt
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-ready: requirements/dev.txt $(VENV)/.run-ready
	$(PIP) $(OFFLINE) -r requirements/dev.txt
	@touch $@

run: env
	@$(BIN)/python tools/run.py $(if $(VAULT),--vault "$(VAULT)",) $(if $(ARCHIVE),--archive "$(ARCHIVE)",) $(if $(INIT_OPTIONS),--init-options="$(INIT_OPTIONS)",)

test: $(VENV)/.dev-ready
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.dev-ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

bench: $(VENV)/.dev-ready
	$(BIN)/python -m tests.bench

bundle: env
	$(BIN)/python tools/bundle.py

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet pyproject.toml --extra build -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist
