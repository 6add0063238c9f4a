#!/usr/bin/env bash
# make demo: set-up, build, then the story. Arguments go to demo/story.
set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh

scripts/setup.sh
scripts/build.sh
exec "$VENV/bin/python" demo/story "$@"
