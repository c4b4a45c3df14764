# make demo    the whole way on drawn sample memes      make test    set-up, lint, types, tests
# make check   lint and types only                      make repro   the graph on what is in data/
.PHONY: demo test check repro setup
export PATH := $(CURDIR)/.venv/bin:$(PATH)

setup:
	@scripts/setup.sh

demo: setup
	@symptomeme demo

check: setup
	ruff format --check .
	ruff check .
	mypy
	lint-imports

test: check
	pytest

repro: setup
	dvc repro
