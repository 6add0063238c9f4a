#!/usr/bin/env bash
# make drill: set-up, build, then all drills, or those that the arguments name. Arguments go to `wp-dynamodb-lab drill`.
set -euo pipefail

SCRIPT_NAME=drill
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

scripts/setup.sh
scripts/build.sh
export WPD_ROOT=$ROOT
exec target/debug/wp-dynamodb-lab drill --all "$@"
