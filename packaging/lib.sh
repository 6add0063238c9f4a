# shellcheck shell=bash
# Shared by the scripts of this folder: what a release is called, and archives that come out the same however often they are made.

SCRIPT_NAME=${SCRIPT_NAME:-release}
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

# PHP's versions with a package each: those of Debian 12 and 13.
# shellcheck disable=SC2034 # read by the scripts
PHP_VERSIONS=(8.2 8.4)
# shellcheck disable=SC2034 # likewise
DIST=${WPD_DIST:-$ROOT/dist}

# One date for all that is packed, so that packing twice makes the same bytes: that of the last commit, or the caller's.
if [[ -z ${SOURCE_DATE_EPOCH:-} ]]; then
    SOURCE_DATE_EPOCH=$(git -C "$ROOT" log -1 --format=%ct 2>/dev/null) || die "this is no git checkout: set SOURCE_DATE_EPOCH to the release's date (seconds since 1970)"
fi
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C

# The version of extension, controller and plugin; packaging/check holds the plugin's against it.
release_version() { sed -n '/^\[workspace.package\]/,/^\[dep/s/^version = "\(.*\)"$/\1/p' "$ROOT/Cargo.toml"; }

# php_config VERSION WHAT: of the machine's PHP, or of the root that scripts/php-root.sh makes.
php_config() {
    if command -v "php-config$1" >/dev/null; then "php-config$1" "$2"; else "$ROOT/scripts/in-root" "$1" "php-config$1" "$2"; fi
}

# must_fit VERSION MODULE: the module holds what PHP compares when it loads one. PHP would refuse another one's at each of its starts.
must_fit() {
    local build
    build=API$(php_config "$1" --phpapi),NTS
    grep -qaF "$build" "$2" || die "$2 is no module for PHP $1 ($build): PHP would not load it"
}

# settle FOLDER: modes and dates that do not tell who packed, and when.
settle() {
    chmod -R u=rwX,go=rX "$1"
    find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# pack_tar FOLDER FILE: what is in FOLDER, without the folder.
pack_tar() {
    settle "$1"
    mkdir -p "$(dirname "$2")"
    (cd "$1" && tar --sort=name --owner=0 --group=0 --numeric-owner -cf - -- *) | gzip -9n >"$2"
    say "${2##*/} ($(stat -c %s "$2") bytes)"
}

# pack_zip FOLDER FILE: likewise.
pack_zip() {
    settle "$1"
    mkdir -p "$(dirname "$2")"
    rm -f "$2"
    (cd "$1" && find . -type f -printf '%P\n' | sort | zip -q -9 -X -D "$2" -@)
    say "${2##*/} ($(stat -c %s "$2") bytes)"
}

# scratch: a folder that is gone when the script ends.
scratch() {
    SCRATCH=$(mktemp -d)
    trap 'rm -rf "$SCRATCH"' EXIT
}
