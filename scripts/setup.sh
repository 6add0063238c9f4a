#!/usr/bin/env bash
# Installs what `make demo` and `make test` need and is not there yet: Debian packages, a Python venv, the browser tests' modules,
# WordPress's files.
# Safe to run again at any time; takes well under two seconds when nothing is missing.
set -euo pipefail

SCRIPT_NAME=setup
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=scripts/setup/packages.sh
source scripts/setup/packages.sh
# shellcheck source=scripts/setup/python.sh
source scripts/setup/python.sh
# shellcheck source=scripts/setup/browser.sh
source scripts/setup/browser.sh
# shellcheck source=scripts/setup/wordpress.sh
source scripts/setup/wordpress.sh

check_machine() {
    [[ $EUID -eq 0 ]] || die "run this as root: it installs Debian packages and starts php-fpm, nginx and MariaDB under their own users"
    [[ -r /etc/debian_version ]] || die "this set-up knows Debian only (/etc/debian_version is missing); see CONTRIBUTING.md for what is needed elsewhere"
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")
    [[ $codename == bookworm ]] || say "this is Debian '$codename'; the set-up is tried on Debian 12 (bookworm) and may miss packages here"
    if ! command -v cargo >/dev/null; then
        [[ -x $HOME/.cargo/bin/cargo ]] || die "cargo is not on PATH: install Rust (rustup) first, then run this again"
        PATH=$HOME/.cargo/bin:$PATH
    fi
}

main() {
    local started=$SECONDS
    check_machine
    install_packages
    make_venv
    install_browser_tools
    unpack_both_wordpresses
    say "ready ($((SECONDS - started)) s)"
}

main "$@"
