# make demo    the whole way on drawn sample memes      make test    set-up, lint, types, tests
# make check   lint and types only                      make repro   the graph on what is in data/
# make serve   package the champions, answer HTTP on 127.0.0.1:3000, or PORT
# make server  Prefect, MLflow and a worker on this machine, until Ctrl-C: docs/operations.md
# make bench-serving   the service under load beside its peers: half an hour, docs/serving.md
# make acceptance   tests that take minutes: the demo, interrupted runs, damaged pictures and archives
.PHONY: demo test acceptance bench-serving check repro serve server setup
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
	@scripts/setup.sh --browser
	pytest --numprocesses 2 --no-loadscope-reorder

acceptance: setup
	@scripts/setup.sh --browser
	pytest -m acceptance

repro: setup
	dvc repro

PORT ?= 3000
serve: export BENTOML_HOME := $(CURDIR)/.bentoml
serve: export BENTOML_DO_NOT_TRACK := True
serve: setup
	@bash -c '! (: <>/dev/tcp/127.0.0.1/$(PORT)) 2>/dev/null' || \
	{ echo "serve: port $(PORT) is taken. Stop what answers there, or type: make serve PORT=3001" >&2; exit 1; }
	symptomeme package
	@echo "serve: http://127.0.0.1:$(PORT) answers once 'ready to answer' stands below; Ctrl-C ends it"
	bentoml serve --host 127.0.0.1 --port $(PORT)

bench-serving: setup
	@python benchmarks/serving.py $(BENCH)

server: setup
	@exec python -m flows.server
