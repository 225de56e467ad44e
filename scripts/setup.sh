#!/usr/bin/env bash
# Sets up this machine: scripts/setup.sh run|test. Quick when all is there.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

what=${1:-test}
"$ROOT/scripts/rust.sh" "$what"
"$ROOT/scripts/packages.sh" "$what"
"$ROOT/scripts/livekit-server.sh" >/dev/null &
livekit=$!
if [[ $what == test ]]; then
    "$ROOT/scripts/python.sh" >/dev/null || say "system tests cannot run"
fi
wait "$livekit"
