#!/usr/bin/env bash
# make bench: set-up, what only benchmarks need, then the benchmarks, which build what they measure themselves.
set -euo pipefail

SCRIPT_NAME=bench
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=scripts/setup/packages.sh
source scripts/setup/packages.sh
# shellcheck source=scripts/setup/bench.sh
source scripts/setup/bench.sh

scripts/setup.sh
install_bench_packages
exec tests/bench/run "$@"
