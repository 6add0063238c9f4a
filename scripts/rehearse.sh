#!/usr/bin/env bash
# make rehearse: set-up, build, then the rehearsal with the usual recipe beside it. Arguments go to `wp-dynamodb-lab rehearse`.
set -euo pipefail

SCRIPT_NAME=rehearse
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

scripts/setup.sh
scripts/build.sh
export WPD_ROOT=$ROOT
say "the loss of a Region, with the usual recipe beside it; the report comes at the end"
exec target/debug/wp-dynamodb-lab rehearse --recipe "$@"
