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

# Files of the repository, new ones too, by the first line or the end of the name.
sources() { git ls-files --cached --others --exclude-standard -z -- "$@" | xargs -0 -r ls -d 2>/dev/null || true; }

with_shebang() {
    local pattern=$1 file
    while IFS= read -r file; do
        if head -n 1 "$file" 2>/dev/null | grep -qE "^#!.*$pattern"; then echo "$file"; fi
    done < <(git ls-files --cached --others --exclude-standard)
}

shell_scripts() {
    local files=()
    mapfile -t files < <({ with_shebang '(bash|/sh)'; sources '*.sh'; } | sort -u)
    shellcheck -x "${files[@]}"
}

php_syntax() {
    local file status=0
    while IFS= read -r file; do
        php8.2 -n -l "$file" >/dev/null || status=1
    done < <(sources '*.php')
    return $status
}

python_syntax() {
    local files=()
    mapfile -t files < <({ with_shebang python; sources '*.py'; } | sort -u)
    # Compiled in memory: nothing is written beside the sources.
    /usr/bin/python3 - "${files[@]}" <<'PYTHON'
import sys
status = 0
for name in sys.argv[1:]:
    try:
        compile(open(name, encoding="utf-8").read(), name, "exec")
    except SyntaxError as error:
        print(f"{name}:{error.lineno}: {error.msg}")
        status = 1
sys.exit(status)
PYTHON
}

plugin_style() {
    local standard
    for standard in wp-plugin/phpcs.xml.dist wp-plugin/phpcs.xml phpcs.xml.dist phpcs.xml; do
        if [[ -r $standard ]]; then
            phpcs --standard="$standard" wp-plugin
            return
        fi
    done
    say "phpcs: no phpcs.xml.dist in the repository; only PSR-independent checks are run"
    phpcs --standard=Generic --sniffs=Generic.PHP.DeprecatedFunctions,Generic.PHP.ForbiddenFunctions,Generic.Files.LineEndings,Generic.Files.ByteOrderMark wp-plugin
}

check "cargo fmt" cargo fmt --all --check
check "cargo clippy" cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
check "shellcheck" shell_scripts
check "php -l" php_syntax
check "python syntax" python_syntax
if command -v phpcs >/dev/null; then
    check "phpcs" plugin_style
else
    say "phpcs: not run (Debian's php-codesniffer is not installed)"
fi
if [[ ! -r deny.toml ]]; then
    say "cargo deny: not run (no deny.toml)"
elif ! cargo deny --version >/dev/null 2>&1; then
    say "cargo deny: not run (not installed; cargo install cargo-deny)"
else
    check "cargo deny" cargo deny check
fi

if [[ ${#failed[@]} -gt 0 ]]; then die "${#failed[@]} checks failed: ${failed[*]}"; fi
say "all checks passed"
