# make demo    the whole way on drawn sample memes      make test    set-up, lint, types, tests
# make check   lint and types only                      make repro   the graph on what is in data/
# make acceptance   tests that take minutes: interrupted runs, damaged pictures and archives
# make server  Prefect, MLflow and a worker on this machine, until Ctrl-C: docs/operations.md
.PHONY: demo test acceptance check repro server setup
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

acceptance: setup
	pytest -m acceptance tests/acceptance

repro: setup
	dvc repro

server: setup
	@exec python -m flows.server
