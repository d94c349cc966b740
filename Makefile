# Everything from a fresh checkout: `make demo` shows what it does, `make test` checks that it works.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
BIN := .venv/bin
PIP_COMPILE := $(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
	--no-emit-trusted-host --no-emit-find-links --no-emit-options

# Hundreds of processes of the tests would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo live test lint style types format docs evaluate compare faults bench lock secrets audit sbom clean

demo: .venv/ready
	@mkdir -p out
	@echo "Simulating oil on its way from Vostochny to Nampo, with a transfer between two tankers ..."
	@$(BIN)/tankerwatch simulate full_run --seed 1 --noise normal --out out/full_run.nmea.gz --truth out/full_run.truth.json
	@$(BIN)/tankerwatch replay out/full_run.nmea.gz --out out/full_run.jsonl --report out/full_run.html
	@$(BIN)/tankerwatch ledger out/full_run.jsonl
	@echo "The same on a live map: $(BIN)/tankerwatch serve out/full_run.nmea.gz"

# A whole deployment on this machine, with Kafka and Redis but without Docker, and a made-up world: Ctrl-C ends it.
live: .venv/ready
	@sh tests/services/setup.sh
	@$(BIN)/python -m tests.services.live --port $(or $(PORT),8080)

test: .venv/ready
	@sh tests/services/setup.sh
	$(BIN)/pytest -n auto --dist loadgroup

# Style, which room imports which, and types.
lint: style types

style: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: .venv/ready
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Detection on real traffic and against the simulator's truth: writes docs/evaluation.md.
evaluate: .venv/ready
	$(BIN)/python -m tests.scenarios.matrix --seeds 20 --out docs

# The events of every scenario and recording, at two commits: make compare OLD=v0.1.0 NEW=HEAD
compare: .venv/ready
	$(BIN)/python -m tests.scenarios.compare_commits $(OLD) $(or $(NEW),HEAD)

# Pages of docs/reference and docs/detectors, and the page's legend of reasons, from the code.
docs: .venv/ready
	$(BIN)/python -m streams.detection.legend
	$(BIN)/python -m tests.docs.reference

# Everything that may fail under the pipeline, on real Kafka and Redis: writes the table in docs/measurements/faults.md.
faults: .venv/ready
	@sh tests/services/setup.sh
	$(BIN)/python -m tests.faults.matrix

# Ordinary traffic, decoded and end to end, beside pyais, and by the number of vessels: prints the tables in
# docs/benchmarks.md.
bench: .venv/ready
	@$(BIN)/python -m tests.benchmarks.replay
	@$(BIN)/python -m tests.benchmarks.sizes
	@$(BIN)/python -m tests.benchmarks.tables

# The newest versions: requirements.lock is what runs, requirements-dev.lock has the tools of developers, too.
# UPGRADE= keeps the versions and adds only what is missing.
UPGRADE := --upgrade
lock: .venv/ready
	$(PIP_COMPILE) $(UPGRADE) --extra query -o requirements.lock pyproject.toml
	$(PIP_COMPILE) $(UPGRADE) --extra dev --extra query -c requirements.lock -o requirements-dev.lock pyproject.toml

# The password of Redis in docker-compose.yml: a random one, if there is none yet. The containers run under users of
# their own, so the file can be read by all, and the folder around it by nobody else.
secrets: secrets/redis_password
secrets/redis_password:
	@mkdir -p -m 700 secrets
	@od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > $@ && chmod 644 $@ && echo "made $@"

# Known vulnerabilities of what runs, and licences that NOTICE does not name. Needs the network.
audit: .venv/ready
	@mkdir -p out
	$(PYTHON) -m venv out/audit && out/audit/bin/pip install -q pip-audit==2.10.1
	out/audit/bin/pip-audit --vulnerability-service osv --require-hashes --disable-pip -r requirements.lock
	$(BIN)/python -m tests.docs.licences

# What is in a deployment, as CycloneDX JSON: out/sbom.json, from the lock and what is installed.
sbom: .venv/ready
	@mkdir -p out
	@$(BIN)/python -m tests.docs.licences --sbom out/sbom.json

.venv/ready: requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "tankerwatch needs Python 3.11, 3.12 or 3.13; install one, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "Python has no venv module; installing python3-venv"; \
		$(SUDO) apt-get update -q && $(SUDO) apt-get install -qy python3-venv || \
		{ echo "That failed. Install the package python3-venv (Debian, Ubuntu) and try again."; exit 1; }; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv out build *.egg-info
