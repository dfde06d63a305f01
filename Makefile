PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Each worker that needs it has a control plane of its own, of about 420 MB.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
PYTEST_ARGS ?=
MINUTES ?= 30
BENCH_ARGS ?=
IMAGE_ARGS ?=
DEMO_ARGS ?=
PARITY := ../shared/parity
CASES ?= $(PARITY)

.PHONY: install demo recording lint test test-fast soak bench parity docs image lock

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $(STAMP)

demo: install
	$(BIN)/reconciler demo $(DEMO_ARGS)

recording: install
	$(BIN)/python -m tools.recording

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: install
	$(PYTEST) $(PYTEST_ARGS)

test-fast: install
	$(PYTEST) -m "not integration" $(PYTEST_ARGS)

soak: install
	MINUTES=$(MINUTES) $(BIN)/python -m pytest -s $(PYTEST_ARGS) tests/e2e/test_soak.py

bench: install
	$(BIN)/python -m bench $(BENCH_ARGS)

parity: install
	$(BIN)/python -m tools.parity $(CASES) \
		$(if $(filter $(PARITY),$(CASES)),--least $$(sed -n 's/^least = //p' tests/parity.toml))

docs: install
	$(BIN)/python -m tools.docs

image: install
	$(BIN)/python -m tools.image $(IMAGE_ARGS)

lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements/runtime.in -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/runtime.txt requirements/dev.in -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/dev.txt requirements/build.in -o requirements/build.txt
