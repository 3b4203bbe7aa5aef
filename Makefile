# Everything a developer or a new machine needs. `make` lists the targets.
#
# The virtual environment is made in .venv; the files beginning with `.stamp-` in it say what has been installed, so a
# second `make run` starts at once.

SHELL = /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
INSTALL := $(PIP) install --require-hashes --only-binary :all:
COMPILE := $(BIN)/pip-compile -q --strip-extras --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 2
QUICK := not e2e and not clients and not browser and not soak
CHROMIUM ?= chromium-headless-shell
MASHLIB := 2.3.3

# Each process that the tests start would compile Freehold anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: $(VENV)/.stamp-run ## Start Freehold on http://localhost:3000/ with its data in ./data; ARGS="--port 3001" passes options on
	@PATH="$(CURDIR)/$(BIN):$$PATH" freehold serve $(ARGS)

.PHONY: example
example: $(VENV)/.stamp-test ## Serve an app that keeps notes in a pod on http://localhost:8080/, for the server of `make run`
	@$(BIN)/python -m tests.support.node examples/notes
	@$(BIN)/python examples/notes/serve.py $(ARGS)

.PHONY: data-browser
data-browser: $(VENV)/.stamp-test ## Put SolidOS into ./data, for the setting data_browser; ARGS="--data DIR" puts it elsewhere
	@$(BIN)/python -m tests.support.node pack mashlib@$(MASHLIB) $(VENV)
	@$(BIN)/freehold data-browser install $(VENV)/mashlib-$(MASHLIB).tgz $(ARGS)

.PHONY: test
test: static chromium ## Everything in `check`, and every test with real processes and real clients
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q $(PARALLEL) -m "not soak" --all-requirements --conformance-page=docs/conformance.md $(ARGS)

.PHONY: check
check: static ## Formatting, lint, types, import rules and the quick tests
	$(BIN)/python -m pytest -q $(PARALLEL) -m "$(QUICK)" $(ARGS)

.PHONY: static
static: $(VENV)/.stamp-test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy --strict pod
	$(BIN)/lint-imports

.PHONY: fix
fix: $(VENV)/.stamp-test ## Format, and repair what lint can repair
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.PHONY: bench
bench: $(VENV)/.stamp-bench ## Compare speed with Community Solid Server; ARGS="--help" says more
	$(BIN)/python -m bench $(ARGS)

# Of ARGS that choose no browser test, or nothing else, one of the two finds none, which is 5.
.PHONY: soak
soak: $(VENV)/.stamp-test chromium ## The tests that take too long for every day
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q $(PARALLEL) -m "soak and browser" $(ARGS) || [ $$? = 5 ]
	$(BIN)/python -m pytest -q -m "soak and not browser" -o faulthandler_timeout=7200 $(ARGS) || [ $$? = 5 ]

SCREENSHOTS ?= screenshots

.PHONY: screenshots
screenshots: $(VENV)/.stamp-test chromium ## Save how every page looks, wide and narrow, light and dark, in SCREENSHOTS=screenshots; ARGS='-k home' takes some
	@mkdir -p "$(SCREENSHOTS)"
	SCREENSHOTS="$(abspath $(SCREENSHOTS))" CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q $(PARALLEL) -m soak tests/browser/test_pages.py $(ARGS)

.PHONY: wheel
wheel: $(VENV)/.stamp-run ## Build what `pipx install` takes, and the source archive, into dist/
	$(BIN)/python -m hatchling build -t wheel -t sdist -d dist

.PHONY: docs
docs: $(VENV)/.stamp-run ## Write the parts of docs/ that repeat the code
	$(BIN)/python -m tests.support.reference docs

.PHONY: texts
texts: $(VENV)/.stamp-run ## Bring the catalogues of translations (pod/ui/catalogues) up to date with the texts of pages
	$(BIN)/python -m tests.support.texts

.PHONY: conformance
conformance: $(VENV)/.stamp-test chromium ## Test every requirement of the specifications, and write docs/conformance.md
	@results=$$(mktemp) && { CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q $(PARALLEL) -m "not soak" \
		--conformance="$$results" $(ARGS); status=$$?; \
		$(BIN)/python -m tests.support.conformance "$$results" docs/conformance.md; rm -f "$$results"; exit $$status; }

.PHONY: pictures
pictures: $(VENV)/.stamp-test chromium ## Take the pictures of README.md and docs/ anew
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m tests.browser.pictures docs/pictures

.PHONY: lock
lock: $(VENV)/.stamp-test ## Choose the newest versions of all libraries, and write them to requirements/
	$(PIP) install pip-tools
	$(COMPILE) --upgrade --all-build-deps --only-build-deps -o requirements/build.txt pyproject.toml
	$(COMPILE) --upgrade -o requirements/run.txt pyproject.toml
	$(COMPILE) --upgrade -c requirements/run.txt --extra test -o requirements/test.txt pyproject.toml
	$(COMPILE) --upgrade -c requirements/test.txt --extra test --extra bench -o requirements/bench.txt pyproject.toml

# -- what the targets stand on ---------------------------------------------------------------------------------

$(VENV)/.stamp-run: requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Freehold needs..."
	@$(INSTALL) -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.stamp-test: requirements/test.txt $(VENV)/.stamp-run
	@echo "Installing what the tests need..."
	@$(INSTALL) -r requirements/test.txt
	@touch $@

$(VENV)/.stamp-bench: requirements/bench.txt $(VENV)/.stamp-test
	@$(INSTALL) -r requirements/bench.txt
	@touch $@

# The browser in which the tests look at pages: Chromium without what only a desktop needs, which opens a profile in a
# fifth of the processor time. CHROMIUM names another, for example the whole one: make CHROMIUM=chromium test.
.PHONY: chromium
chromium:
	@if ! command -v "$(CHROMIUM)" >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing Chromium for the tests..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-liberation >/dev/null; \
		else \
			echo "The tests need Chromium. As root: apt-get install chromium-headless-shell. Or name one: make CHROMIUM=/path/to/chromium test"; exit 1; \
		fi; \
	fi

# On Debian, `venv` is a package of its own: python3-venv.
$(BIN)/python:
	@if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq python3 python3-venv; \
		else \
			echo "Freehold needs Python 3.11 with its venv module. As root: apt-get install python3 python3-venv"; exit 1; \
		fi; \
	fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Freehold needs Python 3.11 or newer; this is $$($(PYTHON) --version). Name another: make PYTHON=python3.11 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
