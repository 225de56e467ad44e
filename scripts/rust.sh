#!/usr/bin/env bash
# Makes sure that Rust is there, new enough, and for `test` with its formatter and lints: scripts/rust.sh run|test
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

have cargo || fail "no Rust: see https://rustup.rs"

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
found=$(cargo --version | cut -d' ' -f2)
[[ $(printf '%s\n' "$wanted" "$found" | sort -V | head -n1) == "$wanted" ]] ||
    fail "Rust $found is too old, $wanted is needed: rustup update"

if [[ ${1:-} == test ]]; then
    for component in rustfmt:fmt clippy:clippy; do
        cargo "${component#*:}" --version >/dev/null 2>&1 && continue
        say "installing the Rust component ${component%:*}"
        { have rustup && rustup component add "${component%:*}" >&2; } ||
            fail "no cargo ${component#*:}: rustup component add ${component%:*}"
    done
fi
