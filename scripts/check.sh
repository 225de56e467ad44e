#!/usr/bin/env bash
# Formatting and lints, without tests.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

failed=()
cargo fmt --all --check || failed+=("cargo fmt --check (cargo fmt --all repairs it)")
# One run for lints and queries: the compiler asks a real database, and the committed `.sqlx` must say the same.
scripts/sqlx.sh run cargo clippy --locked --workspace --all-targets -- -D warnings ||
    failed+=("cargo clippy, or queries that do not fit the database")

for what in "${failed[@]}"; do say "failed: $what"; done
[[ ${#failed[@]} == 0 ]]
