# `make run` sets up and runs the main job; `make test` sets up and passes the tests.
# The same steps for Windows stand in README.md. Nothing is installed outside .venv/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLES := $(wildcard examples/*.jpg examples/*.png)

PYTEST := $(BIN)/python -P -m pytest

# The parts of `make test`: two run at a time, each a process of its own that shares nothing.
PARTS := tests-1 tests-2 tests-3 attacks-1 attacks-2
tests-1 := tests/test_[a-c]*.py
tests-2 := tests/test_[d-p]*.py
tests-3 := tests/test_[q-z]*.py
attacks-1 := tests/attacks/test_[a-l]*.py
attacks-2 := tests/attacks/test_[m-z]*.py
# The output of a part is shown when it has ended. GNU make 3 cannot hold it back.
GROUPED := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

.PHONY: run demo test quick check clean $(PARTS)

run: $(VENV)/worker.stamp  ## start the worker on some sample pictures, until Ctrl-C
	mkdir -p inbox
	cp $(SAMPLES) inbox/
	$(BIN)/digitdrop watch

demo: $(VENV)/worker.stamp  ## read the sample pictures once
	$(BIN)/digitdrop predict $(SAMPLES)

test: $(VENV)/dev.stamp  ## all tests: first those that measure seconds, then the others in parts
	$(PYTEST) -m alone
	$(MAKE) --no-print-directory --jobs=2 --keep-going $(GROUPED) $(PARTS)

$(PARTS): $(VENV)/dev.stamp
	$(PYTEST) -m "not alone" $($@)

quick: $(VENV)/dev.stamp  ## the tests that take a minute
	$(PYTEST) -m "not slow"

check: $(VENV)/dev.stamp  ## format, lint, types, the import rule
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## what was set up and built; never inbox/ or outbox/
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Digitdrop needs Python 3.11 or later, and $(PYTHON) is %d.%d: make PYTHON=python3.12 ..." % v[:2])'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/worker.stamp: pyproject.toml | $(VENV)/python.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/python.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/worker.stamp
