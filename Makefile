# Two commands do all the set-up: `make chat` and `make test`. They need Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
SAMPLE_QUESTION ?= How long should I let a loaf cool on a rack?

.PHONY: help chat test test-real lint format snapshots picture bench soak clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

# pip is upgraded first: old releases write console scripts that start slowly.
# Bytecode is compiled now, or every start would pay for it where it cannot be written later.
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile --editable .
	$(BIN)/python -m compileall -q ragchat
	@touch $@

$(READY_DEV): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile --group dev
	@touch $@

chat: $(READY) ## install, ingest the sample data and open the chat
	@chmod 700 chroma_db
	@$(BIN)/ragchat ingest data/food --embedder bundled
	@if [ -t 0 ]; then $(BIN)/ragchat chat; else $(BIN)/ragchat ask "$(SAMPLE_QUESTION)"; fi

test: lint ## install and run every check and test
	$(BIN)/python -m pytest

# An environment of its own: torch must not get into the other one. llama.cpp compiles for 8 to 20 minutes.
test-real: ## let tiny models that are made on the spot answer (torch, llama.cpp)
	$(PYTHON) -m venv .venv-real
	.venv-real/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	.venv-real/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[gguf]' --group real
	.venv-real/bin/python -m pytest tests/real

lint: $(READY_DEV) ## formatting, style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(READY_DEV) ## mend formatting and imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

snapshots: $(READY_DEV) ## write anew what every view looks like (tests/terminal/snapshots)
	RAGCHAT_SNAPSHOTS=write $(BIN)/python -m pytest tests/terminal/test_snapshots.py

picture: $(READY_DEV) ## take the picture of the README anew (needs tmux)
	$(BIN)/python -m docs.screenshot

bench: $(READY_DEV) ## measure start-up and retrieval
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/retrieval.py

soak: $(READY_DEV) ## ask 2,000 questions of servers that fail
	$(BIN)/python -m benchmarks.soak

clean: ## remove what was installed and built
	rm -rf $(VENV) .venv-real dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
