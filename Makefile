# The two commands of a fresh clone are `make demo` and `make test`; docs/internals/repository.md says
# what each target needs. ARGS goes to the program behind the target.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Test processes at a time; the services of one run are shared by all of them.
TESTERS ?= 3
# Long tests first, each process in one half; who is done takes from the end of the other's half.
TOGETHER := -n $(TESTERS) --dist worksteal --durations 20
FAST := not (slow or service or fault or browser or soak)

# The tests start Python some thousand times: each would compile all of Lagan and Django again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test soak check static bench docs lock help
.DEFAULT_GOAL := help

help:
	@echo "make demo [ARGS=--exit]  real instrument files through the whole main job"
	@echo "make test                all tests, with the real services they need"
	@echo "make soak                every fault at every point, for hours; seeds are printed"
	@echo "make check               format, lint, types, import contracts, fast tests"
	@echo "make bench [ARGS=P4]     benchmarks against their peers; results in bench/results"
	@echo "make docs                the documentation as a web site in site/"
	@echo "make lock                pin the dependencies of pyproject.toml in requirements.lock"

# What is installed is known by the sums of the two files that say so, not by their times: switching
# branches installs again only when it must.
setup:
	@deploy/system-packages run
	@sha256sum requirements.lock pyproject.toml | cmp --silent - $(VENV)/.ready || $(MAKE) --no-print-directory $(VENV)/.ready

.PHONY: $(VENV)/.ready
$(VENV)/.ready:
	@echo "Installing into $(VENV) (a minute or two)"
	$$(deploy/system-packages python) -m venv $(VENV)
	$(PIP) install --require-hashes --no-deps --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@sha256sum requirements.lock pyproject.toml > $@

demo: setup
	$(BIN)/lagan demo $(ARGS)

test: setup
	@deploy/system-packages test
	LAGAN_TEST_DATABASE=sqlite $(BIN)/python -m pytest $(TOGETHER) $(ARGS)
	LAGAN_TEST_DATABASE=postgresql $(BIN)/python -m pytest $(TOGETHER) -m database $(ARGS)

soak: setup
	@deploy/system-packages test
	LAGAN_FAULT_SEED=$${LAGAN_FAULT_SEED:-lot} $(BIN)/python -m pytest -s -m soak $(ARGS)
	LAGAN_EXAMPLES=search $(BIN)/python -m pytest $(TOGETHER) --timeout 3600 -m "hypothesis and not soak" $(ARGS)

check: static
	$(BIN)/python -m pytest -q $(TOGETHER) -m "$(FAST)" $(ARGS)

static: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	@deploy/system-packages bench
	$(BIN)/python -m bench.run $(ARGS)

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock: setup
	$(BIN)/uv pip compile pyproject.toml --extra hub --extra dev --extra samples --python-version 3.11 \
	  --quiet --generate-hashes --no-header --no-annotate --output-file requirements.lock
