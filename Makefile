# Everything is set up by tools/setup, which does only what is missing; see docs/dependencies.md for what and why.

.DEFAULT_GOAL := help
.PHONY: help setup run test crash fuzz lint bench lock clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Debian packages, .venv, screens: what a run needs
	@tools/setup

run: setup ## set up, then the demonstration site with its simulators (prints a link to sign in)
	@exec .venv/bin/waybill demo $(ARGS)

test: ## set up with the test tools, then everything that CI runs; minutes per suite
	@tools/setup --test
	@exec tools/test $(SUITES)

crash: ## 1,000 kills under load, 500 while paper is scanned, hundreds of losses of power: hours; goes on where it was
	@tools/setup --test
	@WAYBILL_LONG=1 .venv/bin/python -m pytest --quiet tests/crash/test_power.py tests/crash/test_scan_separators.py
	@.venv/bin/python -m tests.crash.scan_kills $(ARGS)
	@exec .venv/bin/python -m tests.crash.kills $(ARGS)

fuzz: ## the models of the store, thousands of programs long
	@tools/setup --test
	@WAYBILL_LONG=1 .venv/bin/python -m pytest --quiet tests/engine/runtime/test_model.py tests/engine/runtime/test_model_order.py

lint: ## only the static checks
	@tools/setup --test
	@exec tools/test static

bench: setup ## all benchmarks, under 4 minutes, into docs/benchmarks.md (ARGS=--full: a quarter of an hour)
	@exec .venv/bin/python -m bench $(ARGS)

lock: ## write the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)
	@tools/setup --test
	@exec tools/lock $(ARGS)

clean: ## remove caches and build products; never var/ and secrets/
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build ./*.egg-info web/ui/dist
	find . -name __pycache__ -type d -not -path './.venv/*' -not -path './web/ui/node_modules/*' -prune -exec rm -rf {} +

distclean: clean ## also remove .venv and node_modules
	rm -rf .venv web/ui/node_modules
