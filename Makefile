# Haven. Needs Python 3.11 and make; everything else is installed into .venv.
#   make run    serve the page on 127.0.0.1:8501          make texts              fetch the core official texts, build
#   make test   the whole test suite                      make import FROM=DIR    take texts from a folder, build

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
QUESTIONS ?= ../shared/questions

.PHONY: run test setup build texts import evaluate lint

run: build
	$(PY) -m streamlit run app.py

test: setup
	$(PY) -m pytest $(ARGS)

setup: $(VENV)/installed

$(VENV)/installed: requirements.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Haven needs Python 3.11; name it with: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --disable-pip-version-check -r requirements.txt -c requirements.lock
	@touch $@

# Nothing changed: only looks. Where a build fails, what was published before still serves.
build: setup
	@$(PY) -m ingest build || $(PY) -m kb doctor

texts: setup
	$(PY) -m ingest fetch --core
	$(PY) -m ingest build

import: setup
	@test -n "$(FROM)" || { echo "name the folder: make import FROM=/media/stick/texts" >&2; exit 2; }
	$(PY) -m ingest import "$(FROM)"
	$(PY) -m ingest build

evaluate: setup
	$(PY) -m kb evaluate $(QUESTIONS)/dev.jsonl --unanswerable $(QUESTIONS)/dev-unanswerable.jsonl --ablation --naive --judged docs/reviews/answer-points.jsonl

lint: setup
	$(PY) -m ruff check .
