# Needs Debian (or a kin), git, make and Python 3.11 to 3.13; the rest is installed into .venv.

BIN := .venv/bin
GATES := types lint format imports templates
MAKEFLAGS += --no-print-directory
export MEDIA PYTHON
unexport PYTHONDONTWRITEBYTECODE  # where it is set, each process would compile everything anew

.DEFAULT_GOAL := help
.PHONY: help run test bench requirements fmt gates $(GATES) base dev

help:  ## list these targets
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' Makefile

run: base  ## start MediaHub here; MEDIA=/path registers that folder as a library and scans it
	@exec $(BIN)/python manage.py up $${MEDIA:+--media "$$MEDIA"}

test: programs := chromium ffmpeg
test: dev  ## all checks; the closing line is pytest's
	@failed=; $(MAKE) --keep-going -j2 --output-sync=target gates || failed=1; \
		$(BIN)/python -m pytest -n 3 --dist worksteal && [ -z "$$failed" ]

bench: programs := ffmpeg
bench: dev  ## all benchmarks, or ONLY=name; results in build/bench/
	@exec $(BIN)/python -m benchmarks $(ONLY)

requirements: dev  ## compile requirements/*.in; UPGRADE=1 takes the newest that fit
	@for name in base dev; do $(BIN)/uv --quiet pip compile --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --override requirements/overrides.txt $(if $(UPGRADE),--upgrade) \
		--output-file requirements/$$name.txt requirements/$$name.in || exit; done

fmt: dev  ## format, and fix what can be fixed
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

# The checks that start no server. They read the settings, which keep their secrets in the data dir.
gates: export MEDIAHUB_DATA_DIR := $(CURDIR)/build/gates
gates: $(GATES)

types:
	@$(BIN)/python -m mypy

lint:
	@$(BIN)/ruff check .

format:
	@$(BIN)/ruff format --check .

imports:
	@PYTHONPATH=. $(BIN)/lint-imports

templates:
	@$(BIN)/djlint --quiet --lint templates

base dev:
	@mediahub/bootstrap.sh $@ $(programs)
