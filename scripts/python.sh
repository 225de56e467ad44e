#!/usr/bin/env bash
# Makes the Python environment of the system tests and prints its interpreter.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

REQUIREMENTS=$ROOT/tests/requirements.txt

main() {
    have python3 || fail "no python3"
    [[ -f $REQUIREMENTS ]] || fail "no $REQUIREMENTS"
    # Another list or another Python is another environment; old ones stay for other clones.
    local key venv
    key=$({
        python3 -c 'import sys; print(sys.executable, sys.version)'
        cat "$REQUIREMENTS"
    } | sha256sum | cut -c1-12)
    venv=$CACHE/python-$key
    if [[ ! -f $venv/complete ]]; then
        say "making the Python environment of the system tests"
        rm -rf "$venv"
        python3 -m venv "$venv" >&2 || fail "no virtual environment: is python3-venv installed?"
        "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$REQUIREMENTS" >&2 ||
            fail "pip could not install $REQUIREMENTS"
        touch "$venv/complete"
    fi
    printf '%s\n' "$venv/bin/python"
}

with_lock python main
