# `make` shows what there is to do. Everything is installed into .venv, once.
PYTHON ?= python3.11
PROFILE ?= demo
BIN := .venv/bin
CODE := speechlm_utils tests scripts benchmarks notebooks/source

.DEFAULT_GOAL := help
.PHONY: help setup run lab demo test torture audit bench lint notebooks editions lock clean
# A minute of stereo is more than the 10 MB that a page may send to its server by default.
UPLOADS := tornado_settings={\'websocket_max_message_size\':100000000}

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

run: setup ## run every notebook and write runs/demo/index.html (PROFILE=ci is quicker)
	$(BIN)/speechlm run --profile $(PROFILE)

lab: setup ## open the notebooks in JupyterLab
	$(BIN)/jupyter-lab --notebook-dir=. --ServerApp.$(UPLOADS) notebooks/00_start_here.ipynb

demo: setup ## serve the controls alone, for a class room: open the address that it prints
	$(BIN)/voila --no-browser --strip_sources=True --Voila.$(UPLOADS) notebooks/20_live_demo.ipynb

test: setup lint ## lint, unit tests, every notebook with the profile ci
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

torture: setup ## damage 10,000 files, kill every step 40 times (minutes); docs/reliability.md
	$(BIN)/python scripts/torture.py --mutants 10000 --write
	OMP_NUM_THREADS=1 $(BIN)/python scripts/kills.py --kills 40 --write

audit: setup ## ask for known flaws of the pinned packages (needs a network); docs/security.md
	$(PYTHON) -m venv .venv/audit && .venv/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	.venv/audit/bin/pip-audit --requirement requirements.lock --no-deps --disable-pip

bench: setup ## measure each step beside the straightforward way (10 minutes); docs/performance.md
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/run.py

lint: setup ## ruff, without changing anything
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

notebooks: setup ## build notebooks/*.ipynb from notebooks/source/*.py
	$(BIN)/python scripts/build_notebooks.py

editions: setup ## write student/ (no solutions) and instructor/ (solutions executed) beside notebooks/
	$(BIN)/python scripts/build_editions.py

lock: setup ## write requirements.lock anew from what is installed in .venv
	$(BIN)/python scripts/write_lock.py

clean: ## remove .venv, runs/ and what tools left behind (cached models in ~/.cache stay)
	rm -rf .venv runs student instructor build *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps, so that a second run installs nothing.
setup: .venv/.project-installed ## install into .venv (the other commands do it by themselves)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || { \
	  echo "Python 3.11, 3.12 or 3.13 is needed, and '$(PYTHON)' is none of them. Install it (with conda: see environment.yml),"; \
	  echo "or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.locked-installed: requirements.lock requirements-nodeps.txt | $(BIN)/python
	@echo "Installing the pinned packages into .venv: about 5 GB on Linux, some minutes, only this once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.txt
	@touch $@

.venv/.project-installed: pyproject.toml .venv/.locked-installed
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python scripts/warm_up.py
	@touch $@
