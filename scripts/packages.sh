#!/usr/bin/env bash
# Installs the Debian packages that are missing: scripts/packages.sh run|test
#
# Does nothing, not even `apt-get update`, when all are there. Ends with an error only when the build itself cannot
# go on; without the speech programs Ilenia still runs on HF_* endpoints.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# To compile: C and C++ for the crates that bring their own sources (Opus, aws-lc, WebRTC's voice detector).
BUILD=(build-essential cmake pkg-config)
# Offline engines: recognition, translation, speech. flite also speaks the demonstration's sample.
SPEECH=(
    libpocketsphinx3 pocketsphinx-en-us
    apertium apertium-eng-spa apertium-eng-cat
    flite espeak-ng
)
# Tests: Python for the independent peer, ffmpeg to make files of other formats, and the servers that tests start
# for themselves (the services of these packages are neither used nor started).
TEST=(python3-venv ffmpeg postgresql redis-server)

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Whether what the package is wanted for is there, from wherever it came.
present() {
    case $1 in
        build-essential) have cc && have c++ && have make ;;
        cmake) have cmake ;;
        pkg-config) have pkg-config ;;
        ffmpeg) have ffmpeg ;;
        postgresql) { have initdb && have pg_ctl; } || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
        redis-server) have redis-server ;;
        python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        *) installed "$1" ;;
    esac
}

list_missing() {
    local package
    missing=()
    for package in "$@"; do
        present "$package" || missing+=("$package")
    done
}

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif [[ -t 0 ]]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# With runlevel 1, what is installed is not started.
apt() {
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >&2
}

install_missing() {
    # Package lists are fetched only where there are none, or where they turn out to be too old.
    if apt-cache show "$@" >/dev/null 2>&1; then
        apt install --no-install-recommends "$@" && return
    fi
    apt update && apt install --no-install-recommends "$@"
}

main() {
    local wanted=("${BUILD[@]}" "${SPEECH[@]}")
    case ${1:-} in
        run) ;;
        test) wanted+=("${TEST[@]}") ;;
        *) fail "usage: scripts/packages.sh run|test" ;;
    esac

    list_missing "${wanted[@]}"
    [[ ${#missing[@]} == 0 ]] && return

    local by_hand="apt-get install --no-install-recommends ${missing[*]}"
    if ! have apt-get; then
        say "this is no Debian, so these are left to you (by their Debian names): ${missing[*]}"
    elif [[ $(id -u) != 0 ]] && ! have sudo; then
        say "neither root nor sudo; as root, please run: $by_hand"
    else
        say "installing Debian packages: ${missing[*]}"
        install_missing "${missing[@]}" || say "apt-get failed; as root, please run: $by_hand"
    fi

    list_missing "${BUILD[@]}"
    [[ ${#missing[@]} == 0 ]] || fail "cannot build without: ${missing[*]}"
    list_missing "${SPEECH[@]}"
    [[ ${#missing[@]} == 0 ]] || say "offline engines are incomplete without: ${missing[*]}"
    if [[ $1 == test ]]; then
        list_missing "${TEST[@]}"
        [[ ${#missing[@]} == 0 ]] || say "system tests cannot run without: ${missing[*]}"
    fi
}

with_lock packages main "$@"
