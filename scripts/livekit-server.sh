#!/usr/bin/env bash
# Makes sure there is a LiveKit server to start, and prints where it is (nothing when LIVEKIT_URL names a running one).
#
# LIVEKIT_SERVER_BIN, one on PATH and one built before are taken as they are; else it is built by Go, which takes
# about two minutes. Newer tags do not build by `go install`.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

VERSION=v1.11.0
BUILT=$CACHE/bin/livekit-server

answers() {
    local address=${1#*://}
    address=${address%%/*}
    local port=${address##*:}
    [[ $port =~ ^[0-9]+$ ]] || return 1
    # shellcheck disable=SC2016  # expanded by that shell, not by this one
    timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' _ "${address%:*}" "$port" 2>/dev/null
}

build() {
    have go || fail "no LiveKit server and no Go to build one; set LIVEKIT_SERVER_BIN or LIVEKIT_URL"
    say "building LiveKit server $VERSION (once, about two minutes)"
    local made
    made=$(mktemp -d "$CACHE/livekit.XXXXXX")
    # shellcheck disable=SC2064  # the value of now
    trap "rm -rf '$made'" EXIT
    GOBIN=$made GOFLAGS='' go install "github.com/livekit/livekit-server/cmd/server@$VERSION" >&2 ||
        fail "LiveKit server could not be built; set LIVEKIT_SERVER_BIN or LIVEKIT_URL"
    mkdir -p "$CACHE/bin"
    mv "$made/server" "$BUILT"
}

main() {
    if [[ -n ${LIVEKIT_URL:-} ]] && answers "$LIVEKIT_URL"; then
        say "using the LiveKit server at $LIVEKIT_URL"
        return
    fi
    if [[ -n ${LIVEKIT_SERVER_BIN:-} ]]; then
        [[ -x $LIVEKIT_SERVER_BIN ]] || fail "LIVEKIT_SERVER_BIN=$LIVEKIT_SERVER_BIN is no program"
        printf '%s\n' "$LIVEKIT_SERVER_BIN"
        return
    fi
    if have livekit-server; then
        command -v livekit-server
        return
    fi
    [[ -x $BUILT ]] && [[ $("$BUILT" --version 2>/dev/null) == *"${VERSION#v}"* ]] || build
    printf '%s\n' "$BUILT"
}

with_lock livekit-server main
