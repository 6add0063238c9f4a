#!/usr/bin/env bash
# `php-build.sh VERSION`: builds the extension for the PHP of another Debian (8.4: Debian 13), quick profile, to
# .run/cache/php-VERSION/target/debug. What else cargo takes goes after the version (`php-build.sh 8.4 --release`).
#
# Compiler and linker are the machine's; PHP, its headers and its php-config are those of the root that scripts/php-root.sh makes. An
# extension that is linked on the older Debian loads on the newer one; the other way round it does not.
set -euo pipefail

SCRIPT_NAME=php-build
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=scripts/rust.sh
source scripts/rust.sh

[[ $# -ge 1 ]] || die "usage: php-build.sh VERSION [CARGO-OPTION...]"
version=$1
shift
scripts/php-root.sh "$version"

# wrapper NAME TEXT: written only when it is another, since cargo builds anew when PHP changes.
wrapper() {
    local path=$CACHE/php-$version/bin/$1
    mkdir -p "${path%/*}"
    if [[ $(cat "$path" 2>/dev/null) != "$2" ]]; then
        printf '%s\n' "$2" >"$path"
        chmod 755 "$path"
    fi
}

# shellcheck disable=SC2016 # the wrapper's own $@
{
    inside="$ROOT/scripts/in-root $version"
    wrapper php "#!/bin/sh
exec $inside php$version "'"$@"'
    # Paths as they are seen from here.
    wrapper php-config "#!/bin/sh
said=\$($inside php-config$version "'"$@"'") || exit
printf '%s\n' \"\$said\" | sed 's#-I/#-I$CACHE/php-$version/root/#g'"
}
export PHP=$CACHE/php-$version/bin/php PHP_CONFIG=$CACHE/php-$version/bin/php-config CARGO_TARGET_DIR=$CACHE/php-$version/target
# The libraries are the same for every PHP, but for the one that binds it: what a build for another PHP has made of them is taken over.
seed() {
    local other
    for other in "$CACHE"/php-*/target; do
        [[ -e $other/debug/libwp_dynamodb.so ]] || continue
        say "beginning with the libraries of ${other#"$CACHE/"}"
        rm -rf "$CARGO_TARGET_DIR/debug.new"
        mkdir -p "$CARGO_TARGET_DIR"
        cp -a --reflink=auto "$other/debug" "$CARGO_TARGET_DIR/debug.new"
        rm -rf "$CARGO_TARGET_DIR"/debug.new/{incremental,libwp_dynamodb.*,.fingerprint/{ext-php-rs,wp-dynamodb}-*,build/{ext-php-rs,wp-dynamodb}-*}
        mv "$CARGO_TARGET_DIR/debug.new" "$CARGO_TARGET_DIR/debug"
        return 0
    done
    say "the first build for PHP $version compiles the AWS SDK anew: about ten minutes on two cores; later ones take seconds"
}
if [[ ! -e $CARGO_TARGET_DIR/debug && " $* " != *' --release '* ]]; then seed; fi
started=$SECONDS
cargo build --locked -p wp-dynamodb "$@"
say "built the extension for PHP $version in $CARGO_TARGET_DIR ($((SECONDS - started)) s)"
