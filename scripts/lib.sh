# shellcheck shell=bash
# Shared by the scripts of this folder: where things are, and how they speak.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=$ROOT/.run/cache
VENV=$CACHE/venv
export ROOT CACHE VENV

# Files made here are read by www-data (php-fpm, nginx), whatever the caller's umask is.
umask 022

# say WHAT: a progress line. The tag tells it apart from the output of the tools that are called.
say() { printf '[%s] %s\n' "${SCRIPT_NAME:-wp-dynamodb}" "$*"; }

die() {
    printf '[%s] error: %s\n' "${SCRIPT_NAME:-wp-dynamodb}" "$*" >&2
    exit 1
}

# run_logged LOG COMMAND...: keeps the output in LOG and shows its end only when the command fails.
run_logged() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "'$*' failed; the whole output is in $log"
    fi
}
