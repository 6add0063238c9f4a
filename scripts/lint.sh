#!/usr/bin/env bash
# make lint: formatting and static checks. All of them run; the last line tells how many failed.
set -euo pipefail

SCRIPT_NAME=lint
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=scripts/rust.sh
source scripts/rust.sh

failed=()

# check NAME COMMAND...
check() {
    local name=$1
    shift
    say "$name"
    if ! "$@"; then
        failed+=("$name")
        say "$name: FAILED"
    fi
}

# files FIND-TESTS...: files of the repository, without what is built or run. (Not `git ls-files`: it must work in a tarball, too.)
files() { find . \( -name target -o -name .run -o -name .git -o -name node_modules -o -name vendor \) -prune -o -type f "$@" -print; }

# with_shebang PATTERN: scripts without a telling name.
with_shebang() {
    local pattern=$1 file line
    while IFS= read -r file; do
        if IFS= read -r line <"$file" && [[ $line =~ ^'#!'.*$pattern ]]; then echo "$file"; fi
    done < <(files -perm -u+x) 2>/dev/null
}

shell_scripts() {
    local files=()
    mapfile -t files < <({ with_shebang '(bash|/sh)'; files -name '*.sh'; } | sort -u)
    shellcheck -x "${files[@]}"
}

php_syntax() {
    local file status=0
    while IFS= read -r file; do
        php8.2 -n -l "$file" >/dev/null || status=1
    done < <(files -name '*.php')
    return $status
}

python_style() {
    local files=()
    mapfile -t files < <({ with_shebang python; files -name '*.py'; } | sort -u)
    "$VENV/bin/ruff" check --quiet --no-cache --config tests/pyproject.toml "${files[@]}"
}

# The Regions of the defaults: what a template may use depends on where it is made.
cloudformation() { "$VENV/bin/cfn-lint" --regions us-east-1 us-west-2 -- infra/*.yaml; }

check "cargo fmt" cargo fmt --all --check
check "cargo clippy" cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
check "shellcheck" shell_scripts
check "php -l" php_syntax
check "documents" scripts/docs.py
if [[ -x $VENV/bin/ruff ]]; then
    check "ruff" python_style
else
    say "ruff: not run (no venv; scripts/setup.sh makes it)"
fi
if [[ -x $VENV/bin/cfn-lint ]]; then
    check "cfn-lint" cloudformation
else
    say "cfn-lint: not run (no venv; scripts/setup.sh makes it)"
fi
if command -v phpcs >/dev/null; then
    check "phpcs" phpcs --standard=wp-plugin/phpcs.xml.dist wp-plugin demo docker tests/wordpress
else
    say "phpcs: not run (Debian's php-codesniffer is not installed)"
fi
if cargo deny --version >/dev/null 2>&1; then
    # Without the advisories: their database is fetched, and a closed network does not reach it. `cargo deny check` has them, too.
    check "cargo deny" cargo deny --offline --log-level error check licenses bans sources
else
    say "cargo deny: not run (not installed: cargo install cargo-deny)"
fi

if [[ ${#failed[@]} -gt 0 ]]; then die "${#failed[@]} checks failed: ${failed[*]}"; fi
say "all checks passed"
