#!/usr/bin/env bash
# make bench: set-up, then the benchmarks, which build what they measure themselves.
set -euo pipefail

SCRIPT_NAME=bench
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

[[ -x tests/bench/run ]] || die "there are no benchmarks yet (tests/bench/run is missing)"
scripts/setup.sh
exec tests/bench/run "$@"
