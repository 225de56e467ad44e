#!/usr/bin/env bash
# Formatting and lints, without tests.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

failed=()
cargo fmt --all --check || failed+=("cargo fmt --check (cargo fmt --all repairs it)")
cargo clippy --locked --workspace --all-targets -- -D warnings || failed+=("cargo clippy")

for what in "${failed[@]}"; do say "failed: $what"; done
[[ ${#failed[@]} == 0 ]]
