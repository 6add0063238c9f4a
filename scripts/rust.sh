# shellcheck shell=bash
# cargo on PATH, and building against Debian's PHP 8.2 even where another PHP comes first on PATH.

if ! command -v cargo >/dev/null && [[ -x $HOME/.cargo/bin/cargo ]]; then PATH=$HOME/.cargo/bin:$PATH; fi
command -v cargo >/dev/null || die "cargo is not on PATH: install Rust (rustup) first"

# Set only where needed: a changed value rebuilds the bindings.
if [[ $(php-config --version 2>/dev/null) != 8.2.* ]]; then
    export PHP=/usr/bin/php8.2 PHP_CONFIG=/usr/bin/php-config8.2
fi
