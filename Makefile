# Ilenia on one machine. `make` alone tells what there is.
.DEFAULT_GOAL := help
.PHONY: help run test setup check fmt sqlx bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Set up, build, start everything and show the demonstration (ARGS=… for `ilenia dev`)
	@exec scripts/run.sh --demo $(ARGS)

test: ## Set up, then all checks and all tests
	@exec scripts/test.sh

setup: ## Install what running and testing need
	@exec scripts/setup.sh test

check: ## Formatting and lints only
	@exec scripts/check.sh

fmt: ## Format the Rust code
	cargo fmt --all

sqlx: ## Renew what the build knows of the database (after a change to a query or a migration)
	@scripts/sqlx.sh auth
	@scripts/sqlx.sh events

bench: ## Run the benchmarks
	cargo run --locked --release -p bench

clean: ## Remove what was built here
	cargo clean
