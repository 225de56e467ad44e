#!/usr/bin/env bash
# A private PostgreSQL for tests, on a free port of 127.0.0.1: scripts/postgres.sh start DIRECTORY | stop DIRECTORY
#
# `start` makes the cluster in DIRECTORY (which must be new, or one of its own) and prints the superuser's address.
# Users that tests make need their passwords, as elsewhere. Nothing is synchronised to the disk: for tests only.
# Root starts it as the user `postgres`, who must be able to reach DIRECTORY. Both may be repeated.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() { fail "usage: scripts/postgres.sh start DIRECTORY | stop DIRECTORY"; }

# Where the server's programs are: POSTGRES_BIN, PATH, or the newest version that Debian's packages installed.
find_programs() {
    local folder
    if [[ -n ${POSTGRES_BIN:-} ]]; then
        printf '%s\n' "$POSTGRES_BIN"
    elif have initdb && have pg_ctl; then
        dirname "$(command -v initdb)"
    else
        folder=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n1)
        [[ -x $folder ]] || fail "no PostgreSQL server: scripts/packages.sh test"
        dirname "$folder"
    fi
}

as_postgres() {
    if [[ $(id -u) == 0 ]]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

running() { [[ -f $data/postmaster.pid ]] && as_postgres "$programs/pg_ctl" status -D "$data" >/dev/null 2>&1; }

make_cluster() {
    as_postgres "$programs/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --pgdata="$data" >"$directory/initdb.log" 2>&1 || fail "initdb failed: $(tail -n5 "$directory/initdb.log")"
    as_postgres tee "$data/pg_hba.conf" >/dev/null <<'RULES'
host all postgres 127.0.0.1/32 trust
host all all      127.0.0.1/32 scram-sha-256
RULES
    as_postgres tee -a "$data/postgresql.conf" >/dev/null <<'SETTINGS'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum_naptime = 1h
timezone = 'UTC'
log_timezone = 'UTC'
SETTINGS
}

start() {
    mkdir -p "$directory"
    if [[ $(id -u) == 0 ]]; then chown postgres "$directory"; fi
    as_postgres test -w "$directory" || fail "the user $(as_postgres id -un) cannot write in $directory"
    running || {
        [[ -f $data/PG_VERSION ]] || make_cluster
        # Another process may take the port before the server does.
        local attempt log=$directory/postgres.log
        for attempt in 1 2 3; do
            # Started again it keeps its port, for whoever holds the address.
            [[ $attempt == 1 && -f $directory/port ]] || free_port | as_postgres tee "$directory/port" >/dev/null
            # Not a child with our descriptors: who reads our output would wait for it.
            as_postgres "$programs/pg_ctl" start --silent --wait --timeout=60 -D "$data" -l "$log" \
                -o "-p $(cat "$directory/port")" >&2 3>&- 9>&- && break
            [[ $attempt != 3 ]] || fail "PostgreSQL does not start: $(tail -n5 "$log")"
        done
    }
    printf 'postgres://postgres@127.0.0.1:%s/postgres\n' "$(cat "$directory/port")"
}

stop() {
    if [[ -d $data ]] && running; then
        as_postgres "$programs/pg_ctl" stop --silent --wait --mode=immediate -D "$data" >&2 ||
            say "PostgreSQL in $directory does not stop"
    fi
}

[[ $# == 2 ]] || usage
programs=$(find_programs)
directory=$(realpath -m "$2")
data=$directory/data
case $1 in
    start) start ;;
    stop) stop ;;
    *) usage ;;
esac
