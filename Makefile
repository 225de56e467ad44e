# Ilenia on one machine. `make` alone tells what there is.
.DEFAULT_GOAL := help
.PHONY: help run test setup check fmt specs sqlx bench clean

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
	@for crate in auth events provider orchestrator transcript; do scripts/sqlx.sh $$crate || exit 1; done

specs: ## Renew the APIs' descriptions in specs/openapi
	ILENIA_UPDATE=1 cargo test --locked -p ilenia --test specs

bench: ## Run the benchmarks: rooms, services, sessions
	cargo build --locked --release -p bench -p ilenia
	cargo run --locked --release -p bench rooms
	cargo run --locked --release -p bench services $${CARGO_TARGET_DIR:-target}/release/ilenia
	cargo run --locked --release -p bench sessions $${CARGO_TARGET_DIR:-target}/release/ilenia

clean: ## Remove what was built here
	cargo clean
