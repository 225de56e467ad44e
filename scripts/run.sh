#!/usr/bin/env bash
# Sets up, builds and starts everything on this machine: scripts/run.sh [arguments of `ilenia dev`]
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

scripts/rust.sh run

scripts/packages.sh run
# Go builds LiveKit beside cargo, the first time.
scripts/livekit-server.sh >/dev/null &
livekit=$!
cargo build --locked --release -p ilenia
wait "$livekit" || fail "no LiveKit server: see above"

exec "${CARGO_TARGET_DIR:-target}/release/ilenia" dev "$@"
