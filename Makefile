# The house's commands.  Each does the set-up that it needs; `make` alone lists them.
# The work itself is in scripts/ and in the program .venv/bin/motcua.

.DEFAULT_GOAL := help
.PHONY: help setup demo test check faults test-arm64 assets docs lock clean

bin := .venv/bin

help: ## this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## make this machine ready: Debian's programs, .venv, the pages' fonts
	@bash scripts/setup.sh

demo: setup ## a whole hall on this machine; ARGS="--fresh --speed 4" goes to `motcua demo`
	@exec $(bin)/motcua demo $(ARGS)

test: setup ## every check and every test; ARGS="-k board" goes to pytest
	@$(MAKE) --no-print-directory check-only
	@exec $(bin)/pytest $(ARGS)

check: setup ## ruff, mypy and the import rules
	@$(MAKE) --no-print-directory check-only

.PHONY: check-only
check-only:
	@$(bin)/ruff check
	@$(bin)/ruff format --check
	@$(bin)/mypy
	@$(bin)/mypy scripts hatch_build.py
	@$(bin)/lint-imports

# SEED or HALL_SEED plays that one round again, and nothing else.
faults: setup ## faults at random: ROUNDS=20 at two nodes, HALL_ROUNDS=5 in a whole hall; SEED=n again
ifdef SEED
	@exec $(bin)/python -m tests.faults.node.rounds 1 --from-seed $(SEED)
else ifdef HALL_SEED
	@exec $(bin)/python -m tests.faults.rounds 1 --from-seed $(HALL_SEED)
else
	@echo "a whole hall:"
	@$(bin)/python -m tests.faults.rounds $(or $(HALL_ROUNDS),5)
	@echo "two nodes:"
	@exec $(bin)/python -m tests.faults.node.rounds $(or $(ROUNDS),20)
endif

test-arm64: setup ## the node installed and tried on Debian for arm64, as root (15 to 20 minutes)
	@exec bash scripts/test_arm64.sh

assets: setup ## fetch the pages' fonts (setup does it as well)
	@$(bin)/python scripts/fetch_assets.py

docs: setup ## write the generated pages of docs/ anew
	@$(bin)/python scripts/generate_docs.py

lock: setup ## choose the newest versions within the bounds and pin them
	@bash scripts/lock.sh

clean: ## remove what was made here, but no hall's journal (var/)
	rm -rf .venv .build build dist hall_server/web/static/vendor
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
