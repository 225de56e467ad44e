#!/usr/bin/env bash
# Restores one service's database from what dump.sh made: DATABASE_URL=postgres://… deploy/postgres/restore.sh [--replace] FILE
#
# The database is there (init.sql) and empty; with --replace what it holds is dropped first. All of it happens or
# nothing. Stop the service before. After the restore of an older dump: `ilenia migrate`.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

replace=false
if [[ ${1:-} == --replace ]]; then
    replace=true
    shift
fi
[[ $# == 1 ]] || fail "usage: DATABASE_URL=postgres://… restore.sh [--replace] FILE"
file=$1
[[ -r $file ]] || fail "cannot read $file"
pg_restore --list "$file" >/dev/null || fail "$file is no dump"

client=(psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname="$url")
tables=$("${client[@]}" --command "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
[[ $tables == 0 || $replace == true ]] || fail "the database is not empty; --replace drops what it holds"

script() {
    echo 'BEGIN;'
    # Whoever restores, the tables belong to the database's owner.
    # shellcheck disable=SC2028  # \gexec is psql's
    echo "SELECT format('SET ROLE %I', pg_get_userbyid(datdba)) FROM pg_database WHERE datname = current_database() \\gexec"
    if [[ $replace == true ]]; then
        echo 'SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public;'
    fi
    # Without the last line psql ends the transaction by leaving, and nothing has happened.
    pg_restore --no-owner --no-privileges --schema=public --file=- "$file" && echo 'COMMIT;'
}
script | "${client[@]}" >/dev/null
