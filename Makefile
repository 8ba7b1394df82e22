# One command each; all of them make a virtual environment in .venv first.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PY := $(BIN)/python
STAMP := $(VENV)/.installed
SCORE_VENV := .venv-score
SCORE_PY := $(subst $(VENV)/,$(SCORE_VENV)/,$(PY))
SCORE_STAMP := $(SCORE_VENV)/.installed
INSTALL := -m pip install --quiet --disable-pip-version-check
PINS = -c constraints/python$$($(PY) -c "import sys; print('%d.%d' % sys.version_info[:2])").txt

.PHONY: demo test lint bench score pictures crash days bluez fuzz clean help

help:
	@echo "make demo   open the dashboard on a simulated office day"
	@echo "make test   all checks: lint, types, import rules, tests"
	@echo "make lint   ruff, mypy, import-linter only"
	@echo "make bench  speed and memory, as ratios"
	@echo "make score  accuracy on real recordings and simulated days, beside what others reach; AREAS=\"gait qmt\" for some"
	@echo "make pictures  draw the pictures of signal/README.md anew"
	@echo "make crash  kill a real recording 20 times and count what is lost"
	@echo "make days   ten whole simulated days against their truth"
	@echo "make fuzz   random and wrong bytes into every protocol for 10 minutes; SECONDS=60 for one"
	@echo "make bluez  virtual sensors through the real Linux Bluetooth, in an emulated machine (Linux only)"

$(STAMP): pyproject.toml $(wildcard constraints/*.txt)
	@$(PYTHON) -c "import sys; sys.exit(0 if (3,11) <= sys.version_info[:2] < (3,14) else 'Spinewatch needs Python 3.11, 3.12 or 3.13; this is ' + sys.version.split()[0] + '. Try: make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	$(PY) $(INSTALL) $(PINS) -e ".[test]"
	@$(PY) -c "open('$(STAMP)', 'w').close()"

$(SCORE_STAMP): $(STAMP)
	$(PY) -m venv $(SCORE_VENV)
	$(SCORE_PY) $(INSTALL) $(PINS) -e .
	@$(SCORE_PY) $(INSTALL) $(PINS) -e ".[score]" && $(SCORE_PY) -c "open('$(SCORE_STAMP)', 'w').close()" || echo "The packages of others could not be installed: their figures will be missing."

demo: $(STAMP)
	$(BIN)/spinewatch demo

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: $(STAMP) lint
	$(PY) -m pytest -n auto --dist worksteal

bench: $(STAMP)
	$(PY) tests/bench/run.py

pictures: $(STAMP)
	$(PY) tests/score/draw_pictures.py

score: $(SCORE_STAMP)
	$(SCORE_PY) tests/score/run.py $(AREAS) $(if $(README),--write-readme)

crash: $(STAMP)
	$(PY) tests/bench/crash.py

days: $(STAMP)
	$(PY) tests/bench/office_days.py

bluez: $(STAMP)
	$(PY) tests/bluez/run.py

fuzz: $(STAMP)
	$(PY) tests/bench/fuzz.py $(SECONDS)

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(venv, ignore_errors=True) for venv in ('$(VENV)', '$(SCORE_VENV)')]"
