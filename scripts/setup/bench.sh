# shellcheck shell=bash
# What only the benchmarks need: the stores that the handler is compared with, and PHP's modules for them.

# Of packages.sh, which installs them; in a function's own scope, so that the set-up's lists stay as they are.
install_bench_packages() {
    # shellcheck disable=SC2034 # read by install_packages
    local PACKAGES=(redis-server memcached php8.2-redis php8.2-memcached)
    # The benchmarks start servers of their own, on ports and files of their own.
    # shellcheck disable=SC2034 # likewise
    local UNITS=(redis-server.service memcached.service)
    local before
    before=$(enabled_php_modules)
    install_packages
    disable_new_php_modules "$before"
}

# enabled_php_modules: the modules that Debian's PHP 8.2 loads, one a line.
enabled_php_modules() { phpquery -v 8.2 -s cli -M 2>/dev/null | sort || true; }

# A module that was not loaded before is not loaded after: the tests and whatever else runs PHP here see no difference. The
# benchmarks load by name what they compare.
disable_new_php_modules() {
    local before=$1 module new=()
    while IFS= read -r module; do
        case $module in redis | memcached | igbinary | msgpack) ;; *) continue ;; esac
        grep -qx -- "$module" <<<"$before" || new+=("$module")
    done < <(enabled_php_modules)
    if [[ ${#new[@]} -gt 0 ]]; then phpdismod -v 8.2 "${new[@]}"; fi
}
