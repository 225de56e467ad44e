# shellcheck shell=bash
# Shared by dump.sh and restore.sh; source it first.
set -euo pipefail

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

for program in psql pg_dump pg_restore; do
    command -v "$program" >/dev/null || fail "no $program: install PostgreSQL's client programs"
done

[[ -n ${DATABASE_URL:-} ]] || fail "DATABASE_URL is not set: postgres://user:password@host/database"

# Services also take the form of Python's programs.
url=$(sed -E 's,^postgres(ql)?\+[a-z0-9]+://,postgresql://,; s,([?&])ssl=,\1sslmode=,' <<<"$DATABASE_URL")
# The password goes by the environment: everybody on this machine can read the arguments of a program.
if [[ $url =~ ^([a-z]+://[^:/@]*):([^@/]*)@(.*)$ ]]; then
    url=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
    encoded=${BASH_REMATCH[2]//\\/\\\\}
    PGPASSWORD=$(printf '%b' "${encoded//%/\\x}")
    export PGPASSWORD
fi
