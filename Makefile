# Two commands do all set-up: `make run` does the main job, `make test` tests the harness.
ifndef PROFILE
PROFILE := $(if $(CRUCIBLE_PROFILE),$(CRUCIBLE_PROFILE),quick)
endif
VENV    := .venv
STAMP   := $(VENV)/.lock-$(shell cat requirements.lock pyproject.toml | sha256sum | cut -c1-16)
CRUCIBLE := $(VENV)/bin/crucible
export CRUCIBLE_PROFILE := $(PROFILE)

.PHONY: run test up down status doctor bench mutants lint types selftest clean help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo "  PROFILE=smoke|quick|nightly|certify (now: $(PROFILE)); settings are CRUCIBLE_* variables"

run: $(STAMP) ## from a bare machine to a verdict: doctor, images, cluster, suites, report
	$(CRUCIBLE) doctor --fix
	$(CRUCIBLE) images build
	$(CRUCIBLE) up
	$(CRUCIBLE) run

test: lint types selftest ## lint, types, self-tests, then the main job at PROFILE=smoke
	$(CRUCIBLE) doctor --fix
	$(CRUCIBLE) images build
	$(CRUCIBLE) up
	CRUCIBLE_PROFILE=smoke $(CRUCIBLE) run
	$(CRUCIBLE) recheck

up: $(STAMP) ## the cluster and its stack; seconds when they run already
	$(CRUCIBLE) doctor --fix --quiet
	$(CRUCIBLE) up

down: $(STAMP) ## remove the cluster; caches stay
	$(CRUCIBLE) down

status: $(STAMP) ## what runs, and whether it is as it was
	$(CRUCIBLE) status

doctor: $(STAMP) ## what this machine has and lacks
	$(CRUCIBLE) doctor

bench: $(STAMP) ## measured figures beside the budgets; makes the cluster anew to time `up`
	$(CRUCIBLE) bench --with-down

mutants: $(STAMP) ## mutation tests of all that judges; only what changed since the last run (ARGS="--sample 300 --seed 1")
	$(VENV)/bin/python .ci/mutants $(ARGS)

lint: $(STAMP) ## ruff
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(STAMP) ## mypy
	$(VENV)/bin/mypy

selftest: $(STAMP) ## tests of the harness itself, without a cluster
	@command -v redis-server > /dev/null || [ "$$(id -u)" != 0 ] || (apt-get update -qq && apt-get install -y -qq redis-server)
	$(VENV)/bin/pytest tests -m "not live" -n 4 --dist loadfile

clean: ## remove the virtualenv and tool caches; clusters, images and dossiers stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The virtualenv is as the lock file says; its stamp carries the lock file's hash, so a second make costs nothing.
$(STAMP): requirements.lock pyproject.toml
	@./.ci/venv $(VENV)
	@rm -f $(VENV)/.lock-* && touch $@
