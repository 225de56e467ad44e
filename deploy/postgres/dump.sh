#!/usr/bin/env bash
# Dumps one service's database: DATABASE_URL=postgres://… deploy/postgres/dump.sh FILE
#
# The service may go on: the dump is of one moment. FILE is there whole or not at all, for its owner only (it holds
# password hashes). pg_dump must not be older than the server. restore.sh is the way back.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ $# == 1 ]] || fail "usage: DATABASE_URL=postgres://… dump.sh FILE"
file=$1
umask 077
part=$(mktemp "$file.part.XXXXXX")
trap 'rm -f "$part"' EXIT
pg_dump --format=custom --no-owner --no-privileges --file="$part" --dbname="$url"
# What cannot be read is no dump.
pg_restore --list "$part" >/dev/null
mv "$part" "$file"
