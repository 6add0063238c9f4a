#!/usr/bin/env bash
# `php-root.sh VERSION`: makes a root with the PHP of another Debian (8.4: Debian 13; 8.5, 8.6: experimental), for the build and the tests with that PHP.
# Safe to run again at any time; does nothing when the root is there. scripts/in-root runs a command in it.
set -euo pipefail

SCRIPT_NAME=php-root
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=scripts/setup/packages.sh
source scripts/setup/packages.sh
# shellcheck source=scripts/setup/wordpress.sh
source scripts/setup/wordpress.sh
# shellcheck source=scripts/setup/php-root.sh
source scripts/setup/php-root.sh

[[ $# -eq 1 ]] || die "usage: php-root.sh VERSION (8.4, say)"
started=$SECONDS
make_php_root "$1"
say "$("$ROOT/scripts/in-root" "$1" "php$1" -n -r 'echo "PHP ", PHP_VERSION, PHP_ZTS ? " ZTS" : " NTS";') in .run/cache/php-$1/root ($((SECONDS - started)) s)"
