# shellcheck shell=bash
# Debian packages: only those that are missing, without recommends, and without starting or enabling a service.

# What each is for: building the extension (PHP headers, libclang for bindgen, a C compiler), running the demo (php-fpm, nginx,
# MariaDB, Python), checking (Apache's PHP; shellcheck, phpcs, valgrind; the settings page in Chromium; gettext for the plugin's strings).
PACKAGES=(
    build-essential ca-certificates clang-14 curl dpkg-dev libclang-14-dev make
    php8.2-cgi php8.2-cli php8.2-curl php8.2-dev php8.2-fpm php8.2-gd php8.2-mbstring php8.2-mysql php8.2-xml php8.2-zip
    libapache2-mod-php8.2 mariadb-server nginx-light
    python3 python3-venv
    chromium gettext php-codesniffer phpunit shellcheck valgrind
)

# Units that come with these packages. The demo starts its own processes and needs none of them.
UNITS=(php8.2-fpm.service nginx.service mariadb.service phpsessionclean.timer)

POLICY=/usr/sbin/policy-rc.d
APT_UPDATED=no

export DEBIAN_FRONTEND=noninteractive

# Another apt may be at work (unattended upgrades, a second session): wait for it instead of failing.
apt() { apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"; }

apt_update() {
    [[ $APT_UPDATED == no ]] || return 0
    say "refreshing the package lists (apt-get update)"
    local try
    for try in 1 2 3 4 5 6; do
        if apt update >"$CACHE/apt-update.log" 2>&1; then
            APT_UPDATED=yes
            return 0
        fi
        # The lists have a lock of their own, which the option above does not cover.
        grep -q 'Could not get lock' "$CACHE/apt-update.log" || break
        say "another apt holds the package lists; waiting (try $try)"
        sleep 10
    done
    tail -n 20 "$CACHE/apt-update.log" >&2
    die "apt-get update failed; the whole output is in $CACHE/apt-update.log"
}

missing_packages() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${PACKAGES[@]}" 2>/dev/null | sed -n 's/^ii *//p' || true)
    local package
    for package in "${PACKAGES[@]}"; do
        grep -qx -- "$package" <<<"$installed" || echo "$package"
    done
}

# While packages are being installed no service may start. What was there before comes back, also when the script is interrupted. So does
# what the caller does at its end.
forbid_services() {
    if [[ -e $POLICY && ! -e $POLICY.wp-dynamodb ]]; then mv "$POLICY" "$POLICY.wp-dynamodb"; fi
    # The caller's: `trap -- COMMAND EXIT`, or nothing.
    local words=()
    eval "words=($(trap -p EXIT))"
    AT_EXIT=${words[2]:-}
    # shellcheck disable=SC2154 # status: set where it is read
    trap 'status=$?; allow_services; set +e; (exit "$status"); eval "$AT_EXIT"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}

allow_services() {
    rm -f "$POLICY"
    if [[ -e $POLICY.wp-dynamodb ]]; then mv "$POLICY.wp-dynamodb" "$POLICY"; fi
    trap -- "${AT_EXIT:--}" EXIT
}

# enabled_units: those of UNITS that are enabled now, one a line.
enabled_units() {
    command -v systemctl >/dev/null || return 0
    local unit
    for unit in "${UNITS[@]}"; do
        if [[ $(systemctl is-enabled "$unit" 2>/dev/null) == enabled ]]; then echo "$unit"; fi
    done
}

# Leaves the machine as it was: a unit that was not enabled before is not enabled after.
disable_new_units() {
    local before=$1 unit
    for unit in $(enabled_units); do
        grep -qx -- "$unit" <<<"$before" || systemctl disable --quiet "$unit" 2>/dev/null || say "could not disable $unit"
    done
}

install_packages() {
    local missing=()
    mapfile -t missing < <(missing_packages)
    if [[ ${#missing[@]} -eq 0 ]]; then return 0; fi

    mkdir -p "$CACHE"
    apt_update
    local before
    before=$(enabled_units)
    say "installing ${#missing[@]} Debian packages (a few minutes on a fresh machine): ${missing[*]}"
    forbid_services
    run_logged "$CACHE/apt-install.log" apt install -y --no-install-recommends "${missing[@]}"
    allow_services
    disable_new_units "$before"
}
