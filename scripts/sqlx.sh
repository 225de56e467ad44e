#!/usr/bin/env bash
# What the build knows of the databases (`<crate>/.sqlx`), from a real PostgreSQL with the migrations applied:
# scripts/sqlx.sh CRATE            renews the folder of a crate
# scripts/sqlx.sh run COMMAND…     runs a cargo command with checked queries, and fails where a folder is out of date
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

# Each crate with queries, and the folder of migrations that its database is made of.
declare -A SCHEMA=([auth]=auth [events]=events [provider]=livekit [orchestrator]=live [transcript]=live)
CRATES=("${!SCHEMA[@]}")
shopt -s nullglob

work=$(mktemp -d)
chmod 755 "$work"
end() {
    scripts/postgres.sh stop "$work/postgres" || true
    rm -rf "$work"
}
trap end EXIT

PSQL=(psql --no-psqlrc --quiet --set ON_ERROR_STOP=1)

# Makes the database of a crate: its `address`.
make_database() {
    local crate=$1 migration
    "${PSQL[@]}" "$server" -c "CREATE DATABASE $crate"
    address=${server%/*}/$crate
    for migration in migrations/"${SCHEMA[$crate]}"/*.sql; do
        "${PSQL[@]}" "$address" --single-transaction -f "$migration" || fail "$migration does not apply"
    done
}

renew() {
    local crate=$1 address
    make_database "$crate"
    mkdir -p "$work/new" "$crate/.sqlx"
    # Queries are read when the crate is compiled, so it has to be.
    touch "$crate/src/lib.rs"
    if SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$work/new DATABASE_URL=$address cargo check -p "$crate" --all-targets; then
        rm -f "$crate"/.sqlx/query-*.json
        cp "$work"/new/query-*.json "$crate/.sqlx/" 2>/dev/null || true
        rmdir "$crate/.sqlx" 2>/dev/null || true
    else
        # What is known already helps to mend the rest.
        cp "$work"/new/query-*.json "$crate/.sqlx/" 2>/dev/null || true
        fail "$crate does not compile; its .sqlx may hold queries that are gone"
    fi
}

# As cargo's RUSTC_WRAPPER: sends the queries of each crate to its own database. Cargo does not build anew for it.
wrapper() {
    local crate address
    printf '#!/bin/sh\ncase $CARGO_PKG_NAME in\n'
    for crate in "${CRATES[@]}"; do
        mkdir -p "$work/new-$crate"
        make_database "$crate"
        printf "%s) export SQLX_OFFLINE=false SQLX_OFFLINE_DIR='%s' DATABASE_URL='%s' ;;\n" \
            "$crate" "$work/new-$crate" "$address"
    done
    printf 'esac\nexec %s "$@"\n' "${RUSTC_WRAPPER:-}"
}

# The state of everything that the folders are made of.
state() { find "${CRATES[@]}" migrations -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16; }

run() {
    local crate checked stale=()
    checked=${CARGO_TARGET_DIR:-target}/sqlx-checked-$(state)
    # Nothing to compare when nothing changed: cargo would not compile the crates either.
    if [[ -f $checked ]]; then
        "$@"
        return
    fi
    server=$(scripts/postgres.sh start "$work/postgres")
    wrapper >"$work/wrapper"
    chmod +x "$work/wrapper"
    touch "${CRATES[@]/%//src/lib.rs}"
    RUSTC_WRAPPER=$work/wrapper "$@"
    for crate in "${CRATES[@]}"; do
        mkdir -p "$work/old-$crate"
        cp "$crate"/.sqlx/query-*.json "$work/old-$crate/" 2>/dev/null || true
        diff -rq "$work/old-$crate" "$work/new-$crate" >&2 || stale+=("$crate")
    done
    [[ ${#stale[@]} == 0 ]] || fail "out of date: .sqlx of ${stale[*]} (make sqlx renews it)"
    rm -f "${CARGO_TARGET_DIR:-target}"/sqlx-checked-*
    touch "$checked"
}

case ${1:-} in
    run)
        shift
        [[ $# != 0 ]] || fail "usage: scripts/sqlx.sh run COMMAND…"
        run "$@"
        ;;
    *)
        [[ $# == 1 && -n ${SCHEMA[$1]:-} ]] || fail "usage: scripts/sqlx.sh ${CRATES[*]} | run COMMAND…"
        server=$(scripts/postgres.sh start "$work/postgres")
        renew "$1"
        ;;
esac
