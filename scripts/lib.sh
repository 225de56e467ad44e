# shellcheck shell=bash
# Shared by the scripts beside it; source it first.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything that set-up makes lives here, outside the repository.
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ilenia
# Only read by the scripts that source this one.
export ROOT CACHE

say() { printf 'ilenia: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Runs one set-up step at a time on this machine, whoever starts it: with_lock NAME COMMAND…
with_lock() {
    local name=$1
    shift
    mkdir -p "$CACHE"
    (
        flock 9
        "$@"
    ) 9>"$CACHE/$name.lock"
}
