# shellcheck shell=bash
# A root file system with another Debian's PHP, made with debootstrap from the machine's own mirror: $CACHE/php-VERSION/root.
# Nothing stays mounted, on whatever way a command ends: all that is mounted is so in a mount namespace of the command's own.

# suite_of VERSION: the release of Debian that has this PHP.
suite_of() {
    case $1 in
        8.2) echo bookworm ;;
        8.4) echo trixie ;;
        8.5 | 8.6) echo experimental ;;
        *) die "no Debian is known for PHP $1 (8.2: bookworm, 8.4: trixie, 8.5 and 8.6: experimental): add it to suite_of in scripts/setup/php-root.sh" ;;
    esac
}

# base_of SUITE: the Debian that a root with packages of SUITE is made of. experimental is none by itself: it adds to unstable.
base_of() { if [[ $1 == experimental ]]; then echo sid; else echo "$1"; fi; }

# packages_of VERSION: what the tests run, headers and run-tests.php (-dev), what WordPress needs, and Python for the runners.
packages_of() {
    local module
    for module in cgi cli curl dev fpm gd mbstring mysql xml zip; do echo "php$1-$module"; done
    printf '%s\n' ca-certificates python3
}

# make_php_root VERSION: does nothing when the root is there, is complete, and has what packages_of names.
make_php_root() {
    local version=$1 suite packages=() wanted
    suite=$(suite_of "$version")
    mapfile -t packages < <(packages_of "$version")
    wanted="$suite ${packages[*]}"
    PHP_FOLDER=$CACHE/php-$version
    mkdir -p "$PHP_FOLDER"
    if [[ $(cat "$PHP_FOLDER/root/complete" 2>/dev/null) == "$wanted" ]]; then return 0; fi

    [[ $EUID -eq 0 ]] || die "run this as root: debootstrap makes a root file system, and chroot enters it"
    # A second one waits, and then finds the work done.
    exec 9>"$PHP_FOLDER/lock"
    flock 9
    if [[ $(cat "$PHP_FOLDER/root/complete" 2>/dev/null) == "$wanted" ]]; then
        exec 9>&-
        return 0
    fi
    # shellcheck disable=SC2034 # read by install_packages
    local PACKAGES=(debootstrap) UNITS=()
    install_packages
    say "making a root of Debian's $suite with PHP $version (once, two to five minutes; 650 MB in $PHP_FOLDER/root)"
    rm -rf "$PHP_FOLDER/root.new"
    bootstrap "$suite" "$PHP_FOLDER/root.new"
    say "installing ${packages[*]} in it"
    run_logged "$PHP_FOLDER/install.log" install_in "$PHP_FOLDER/root.new" "${packages[@]}"
    "$ROOT/scripts/in-root" "$PHP_FOLDER/root.new" "php$version" -n -r 'exit(PHP_VERSION_ID < 80000 ? 1 : 0);' || die "the PHP of $PHP_FOLDER/root.new does not run; the log of its installation is $PHP_FOLDER/install.log"
    printf '%s\n' "$wanted" >"$PHP_FOLDER/root.new/complete"
    rm -rf "$PHP_FOLDER/root"
    mv "$PHP_FOLDER/root.new" "$PHP_FOLDER/root"
    # Bindings of the PHP that was there before are of no use.
    rm -rf "$PHP_FOLDER"/target/*/.fingerprint/ext-php-rs-* "$PHP_FOLDER"/target/*/.fingerprint/wp-dynamodb-????????????????
    exec 9>&-
}

# bootstrap SUITE FOLDER: the smallest Debian, with apt set up for the machine's own mirror.
bootstrap() {
    local suite=$1 folder=$2 base mirror from file
    base=$(base_of "$suite")
    foreign_suite "$suite" >/dev/null
    foreign_suite "$base" >/dev/null
    mirror=$(mirror_of "$CACHE/apt-$base/sources")
    [[ -n $mirror ]] || die "apt on this machine has no entry of its own distribution: there is no mirror to fetch Debian's $base from"
    # debootstrap mounts /proc in the root, and leaves it so when it fails.
    run_logged "$PHP_FOLDER/debootstrap.log" unshare --mount --propagation private debootstrap --variant=minbase "$base" "$folder" "$mirror"
    rm -f "$folder"/etc/apt/sources.list
    for from in "$suite" "$base"; do
        for file in "$CACHE/apt-$from/sources"/foreign.*; do cp "$file" "$folder/etc/apt/sources.list.d/$from.${file##*.}"; done
    done
    # A proxy, say.
    apt-config dump Acquire >"$folder/etc/apt/apt.conf.d/90machine"
    printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
    chmod 755 "$folder/usr/sbin/policy-rc.d"
}

# mirror_of FOLDER: the first address in the source entries of FOLDER.
mirror_of() {
    cat "$1"/*.sources "$1"/*.list 2>/dev/null | sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' | head -n 1
}

install_in() {
    local folder=$1
    shift
    "$ROOT/scripts/in-root" "$folder" sh -ec 'export DEBIAN_FRONTEND=noninteractive
        apt-get -o Acquire::Retries=3 update
        apt-get -o Acquire::Retries=3 install -y --no-install-recommends "$@"
        apt-get clean' sh "$@"
}
