# The two commands of a fresh clone are `make demo` and `make test`; docs/internals/repository.md says what each target needs.
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup lock
setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock:
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --strip-extras --allow-unsafe --extra hub --extra dev --extra samples --output-file requirements.lock pyproject.toml
