#!/usr/bin/env bash
# make soak: set-up, build, then the trials, or those that the arguments name.
set -euo pipefail

SCRIPT_NAME=soak
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

scripts/setup.sh
scripts/build.sh
exec tests/soak/run "$@"
