# Commands of the project. They need Python ≥ 3.11 and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
SYSTEM_PACKAGES := chromium tesseract-ocr tesseract-ocr-fra tesseract-ocr-osd libreoffice-core libreoffice-writer libreoffice-calc libreoffice-impress fonts-dejavu-core
WORKERS ?= 3
PROVIDER := tests/e2e/provider

.DEFAULT_GOAL := help
.PHONY: help setup run test torture check format bench eval docs system-deps lock clean

help:  ## Show the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.runtime: locks/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 ou plus récent est nécessaire (PYTHON=python3.12 make …)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installation des dépendances…"
	@$(PIP) --require-hashes -r locks/runtime.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime locks/dev.txt $(PROVIDER)/package-lock.json
	@$(PIP) --require-hashes -r locks/dev.txt
	@if command -v npm >/dev/null; then npm ci --prefix $(PROVIDER) --ignore-scripts --no-audit --no-fund --silent || echo "npm n'a pas installé le fournisseur d'identité d'essai : son test sera ignoré."; \
	else echo "npm est absent : le test avec un vrai fournisseur d'identité sera ignoré."; fi
	@touch $@

setup: $(VENV)/.runtime  ## Create the virtual environment and install the product

run: setup  ## Start on the sample corpus; prints the address and the sign-in link
	@$(BIN)/assistant serve --sample

test: $(VENV)/.dev  ## Run every test, seeded and sampled (under 15 minutes)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not torture" -q

torture: $(VENV)/.dev  ## Run the same tests at full scale
	@TEST_SCALE=full $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --timeout 3600 -q

check: $(VENV)/.dev  ## Format, lint, types, import contracts, compose file, generated documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/deptry .
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/python -m assistant.settings_doc | diff -u docs/settings.md - || { echo "docs/settings.md date : make docs"; exit 1; }
	@$(BIN)/python -m assistant.api | diff -u docs/openapi.json - || { echo "docs/openapi.json date : make docs"; exit 1; }

format: $(VENV)/.dev  ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

bench: $(VENV)/.dev  ## Measure speed and memory against named peers and limits
	@$(BIN)/python -m eval.bench

eval: $(VENV)/.dev  ## Measure retrieval and answers on the question sets
	@$(BIN)/python -m eval run

docs: $(VENV)/.dev  ## Write the generated documents again (settings, API)
	@$(BIN)/python -m assistant.settings_doc > docs/settings.md
	@$(BIN)/python -m assistant.api > docs/openapi.json

system-deps:  ## Install Chromium, Tesseract and LibreOffice where packages may be installed
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SYSTEM_PACKAGES) >/dev/null; \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
	  sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SYSTEM_PACKAGES) >/dev/null; \
	else \
	  echo "Installez avec votre gestionnaire de paquets : $(SYSTEM_PACKAGES)"; \
	fi

lock: $(VENV)/.dev  ## Resolve the locks again
	@$(PIP) uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml locks/build.in -o locks/runtime.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group dev -c locks/runtime.txt pyproject.toml locks/build.in -o locks/dev.txt

clean:  ## Remove the virtual environment and the caches; the data folder stays
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
