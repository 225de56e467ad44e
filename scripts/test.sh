#!/usr/bin/env bash
# Sets up, then runs all checks and all tests; goes on after a failure and fails at the end.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

scripts/rust.sh test

scripts/packages.sh test
# Go and pip work beside cargo, the first time.
logs=$(mktemp -d)
# The database server runs as another user, who must get to its folder.
chmod 755 "$logs"
end() {
    scripts/postgres.sh stop "$logs/postgres" || true
    rm -rf "$logs"
}
trap end EXIT
scripts/livekit-server.sh >"$logs/livekit" &
livekit=$!
scripts/python.sh >"$logs/python" &
python=$!

# A build that is made once has no use for what makes the next one quicker.
[[ -z ${CI:-} ]] || export CARGO_INCREMENTAL=0

failed=()
scripts/check.sh || failed+=("checks")

wait "$livekit" || failed+=("LiveKit server")
if [[ -s $logs/livekit ]]; then
    LIVEKIT_SERVER_BIN=$(cat "$logs/livekit")
    export LIVEKIT_SERVER_BIN
fi
TEST_DATABASE_URL=$(scripts/postgres.sh start "$logs/postgres") || failed+=("PostgreSQL")
export TEST_DATABASE_URL
cargo test --locked --workspace --no-fail-fast || failed+=("cargo test")

ILENIA_BIN=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/debug/ilenia
export ILENIA_BIN
if wait "$python"; then
    "$(cat "$logs/python")" -m pytest tests/system || failed+=("system tests")
else
    failed+=("Python for the system tests")
fi

for what in "${failed[@]}"; do say "failed: $what"; done
[[ ${#failed[@]} == 0 ]]
