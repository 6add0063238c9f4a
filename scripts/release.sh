#!/usr/bin/env bash
# make release: everything that is given to users, in dist/. Arguments are the parts to make: `release.sh plugin`.
#
#   build        the programs, release profile           modules      an archive for each PHP
#   debs         a Debian package for each PHP           controller   the Lambda's archive, and the command line's
#   plugin       the plugin's zip                        sbom         what the programs consist of
set -euo pipefail

SCRIPT_NAME=release
cd "$(dirname "$0")/.."
# shellcheck source=packaging/lib.sh
source packaging/lib.sh
# shellcheck source=scripts/setup/packages.sh
source scripts/setup/packages.sh

PARTS=(build modules debs controller plugin sbom)
PROGRAMS=${CARGO_TARGET_DIR:-$ROOT/target}/release

# module_of PHP: the built module for that version.
module_of() {
    local file=$CACHE/php-$1/target/release/libwp_dynamodb.so
    [[ $1 != 8.2 ]] || file=$PROGRAMS/libwp_dynamodb.so
    [[ -e $file ]] || die "there is no $file: scripts/release.sh build makes it"
    echo "$file"
}

# for_each_php COMMAND...: with the version, its module and the further arguments.
for_each_php() {
    local command=$1 php module
    shift
    for php in "${PHP_VERSIONS[@]}"; do
        module=$(module_of "$php")
        "packaging/$command" "$php" "$module" "$@"
    done
}

part() {
    case $1 in
        build) packaging/build ;;
        modules) for_each_php module "$DIST" ;;
        debs) for_each_php deb "$(release_version)" "$DIST" ;;
        controller) packaging/controller "$PROGRAMS" "$DIST" ;;
        plugin) packaging/plugin "$DIST" ;;
        sbom) packaging/sbom "$DIST" ;;
        *) die "no such part: $1 (known: ${PARTS[*]})" ;;
    esac
}

# cargo asks for it (notices, sbom, build).
# shellcheck source=scripts/rust.sh
source scripts/rust.sh
# shellcheck disable=SC2034 # read by install_packages
PACKAGES=(binutils dpkg-dev unzip zip)
install_packages
packaging/check clean
packaging/check versions
if [[ $# -eq 0 ]]; then
    # Only what is ours: the folder may be the caller's.
    rm -f "$DIST"/*.deb "$DIST"/*.tgz "$DIST"/*.tar.gz "$DIST"/*.zip "$DIST"/*.cdx.json "$DIST/SHA256SUMS"
    set -- "${PARTS[@]}"
fi
for name in "$@"; do part "$name"; done
packaging/check paths "$DIST"
rm -f "$DIST/SHA256SUMS"
sums=$(cd "$DIST" && sha256sum -- *)
printf '%s\n' "$sums" >"$DIST/SHA256SUMS"
say "version $(release_version) is in ${DIST#"$ROOT/"}"
