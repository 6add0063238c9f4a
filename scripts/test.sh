#!/usr/bin/env bash
# make test: all phases in order. Stops at the first phase that fails, unless KEEP_GOING=1. The last line counts the tests.
# Arguments are the phases to run: scripts/test.sh build e2e
set -euo pipefail

cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
PHASES=(setup lint build unit infra phpt valgrind session-suite wordpress e2e wordpress-6.8)
# It waits more than it works, and has folders and ports in common with e2e alone: begun with the first of these, over before e2e.
BESIDE=wordpress-6.8
MEANWHILE=(infra phpt valgrind session-suite wordpress)
LOGS=$ROOT/.run/log
rows=()
passed=0
failed=0
status=0

phase() {
    case $1 in
        setup) scripts/setup.sh ;;
        lint) scripts/lint.sh ;;
        # With the tests: cargo would build the SDKs twice for `cargo build` and then `cargo test`, since their features differ.
        build) scripts/build.sh --all-targets ;;
        unit)
            # Only now: what it finds depends on what the set-up has installed.
            # shellcheck source=scripts/rust.sh
            source scripts/rust.sh
            cargo test --workspace --locked
            ;;
        infra) "$VENV/bin/python" -m pytest -c tests/pyproject.toml --rootdir tests tests/infra ;;
        phpt) tests/phpt/run ;;
        # A few that cover callbacks, formats, forks and longjmps; tests/phpt/run --valgrind takes all of them, and a quarter of an hour.
        valgrind) tests/phpt/run --valgrind roundtrip sealed_tampered fork_open throwing_error_handler ;;
        session-suite) tests/session-suite/run ;;
        wordpress) tests/wordpress/run ;;
        e2e) "$VENV/bin/python" -m pytest -c tests/pyproject.toml --rootdir tests tests/e2e ;;
        # What WordPress has a part in, again with the version of Debian 13. It has none in the Region's faults: /healthz ends before it.
        wordpress-6.8)
            # Ports of its own: phpt and the session suite have those of e2e.
            WPD_WORDPRESS_VERSION=6.8 WPD_PORT=$((${WPD_PORT:-19700} + 3300)) "$VENV/bin/python" -m pytest -c tests/pyproject.toml --rootdir tests \
                -m wordpress -k 'not test_fault_in_the_own_region' tests/e2e
            ;;
    esac
}

# sum PATTERN LOG: adds up the numbers that the first group of PATTERN finds.
sum() { sed -nE "s/.*$1.*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

# count LOG: "passed failed" of a phase, from what its tools print: our own runners' last line, cargo test, PHPUnit or pytest.
count() {
    local log=$1 last p f
    last=$(grep -v '^[[:space:]]*$' "$log" | tail -n 1 || true)
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
        return
    fi
    p=$(sum '^test result: [a-zA-Z]+\. ([0-9]+) passed' "$log")
    f=$(sum '^test result:.* ([0-9]+) failed' "$log")
    # pytest: "=== 1 failed, 20 passed, 2 errors in 9.12s ==="
    if [[ $last == *' in '*s* ]]; then
        p=$((p + $({ grep -oE '[0-9]+ passed' <<<"$last" || true; } | awk '{ n += $1 } END { print n + 0 }')))
        f=$((f + $({ grep -oE '[0-9]+ (failed|error)' <<<"$last" || true; } | awk '{ n += $1 } END { print n + 0 }')))
    fi
    # PHPUnit: "OK (26 tests, 80 assertions)", or "Tests: 26, Assertions: 80, Errors: 1, Failures: 2."
    if [[ $last =~ ^OK\ \(([0-9]+)\ tests? ]]; then
        p=${BASH_REMATCH[1]}
    elif [[ $last =~ ^Tests:\ ([0-9]+), ]]; then
        f=$({ grep -oE '(Errors|Failures): [0-9]+' <<<"$last" || true; } | awk '{ n += $2 } END { print n + 0 }')
        p=$((BASH_REMATCH[1] - f))
    fi
    echo "$p $f"
}

run_phase() {
    local name=$1 started=$SECONDS code=0
    printf '\n==== %s ====\n' "$name"
    phase "$name" 2>&1 | tee "$LOGS/$name.log" || code=$?
    note_phase "$name" "$code" "$started"
}

# note_phase NAME CODE STARTED: counts what it printed; returns CODE.
note_phase() {
    local name=$1 code=$2 started=$3 p f word=ok
    read -r p f <<<"$(count "$LOGS/$name.log")"
    if [[ $code -ne 0 ]]; then
        word=FAILED
        status=1
        # A phase that broke without counting a failed test is one failure.
        if [[ $f -eq 0 ]]; then f=1; fi
    fi
    passed=$((passed + p))
    failed=$((failed + f))
    rows+=("$(printf '%-14s %-7s %6d passed %4d failed %5d s' "$name" "$word" "$p" "$f" "$((SECONDS - started))")")
    return "$code"
}

begin_beside() {
    beside_started=$SECONDS
    set -m
    phase "$BESIDE" >"$LOGS/$BESIDE.log" 2>&1 &
    beside=$!
    set +m
    # As Ctrl-C: pytest stops what it has started.
    trap 'kill -INT -- "-$beside" 2>/dev/null && wait "$beside" || true' EXIT
    printf '\n==== %s goes on beside the next ones ====\n' "$BESIDE"
}

end_beside() {
    local code=0
    wait "$beside" || code=$?
    trap - EXIT
    printf '\n==== %s ====\n' "$BESIDE"
    cat "$LOGS/$BESIDE.log"
    beside=over
    note_phase "$BESIDE" "$code" "$beside_started"
}

# one NAME: runs it, and what goes on beside it.
one() {
    local code=0
    if [[ $beside == wanted && " ${MEANWHILE[*]} " == *" $1 "* ]]; then begin_beside; fi
    if [[ $beside =~ ^[0-9]+$ && " ${MEANWHILE[*]} " != *" $1 "* ]]; then
        end_beside || code=$?
        if [[ $code -ne 0 && ${KEEP_GOING:-0} != 1 ]]; then return "$code"; fi
    fi
    if [[ $1 == "$BESIDE" ]]; then
        if [[ $beside == over ]]; then return "$code"; fi
        beside=over
    fi
    run_phase "$1" || code=$?
    return "$code"
}

summary() {
    printf '\n==== summary ====\n'
    printf '%s\n' "${rows[@]}"
    if [[ $status -ne 0 ]]; then printf 'logs: %s\n' "$LOGS"; fi
    printf '%d passed, %d failed\n' "$passed" "$failed"
}

mkdir -p "$LOGS"
names=("${@:-${PHASES[@]}}")
beside=no
beside_started=0
if [[ " ${names[*]} " == *" $BESIDE "* ]]; then beside=wanted; fi
for name in "${names[@]}"; do
    [[ " ${PHASES[*]} " == *" $name "* ]] || die "no such phase: $name (known: ${PHASES[*]})"
    if ! one "$name" && [[ ${KEEP_GOING:-0} != 1 ]]; then
        printf '\nstopped after the first failed phase; KEEP_GOING=1 make test runs the rest as well\n'
        break
    fi
done
summary
exit $status
