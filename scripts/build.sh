#!/usr/bin/env bash
# Builds the extension and the lab with the quick profile. Arguments go to cargo.
set -euo pipefail

SCRIPT_NAME=build
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=scripts/rust.sh
source scripts/rust.sh

if [[ ! -e target/debug/libwp_dynamodb.so ]]; then
    say "the first build compiles the AWS SDK: about ten minutes on two cores; later ones take seconds"
fi
started=$SECONDS
cargo build --workspace --locked "$@"
say "built target/debug/libwp_dynamodb.so and target/debug/wp-dynamodb-lab ($((SECONDS - started)) s)"
