# shellcheck shell=bash
# A venv for the harness, the tests and moto (the SSM emulator). Made again only when tests/requirements.txt changes.

make_venv() {
    local wanted stamp=$VENV/requirements.sha256
    wanted=$(sha256sum <tests/requirements.txt)
    if [[ -x $VENV/bin/python && -r $stamp && $(<"$stamp") == "$wanted" ]]; then return 0; fi

    say "making the Python venv and installing tests/requirements.txt (about a minute)"
    rm -rf "$VENV"
    mkdir -p "$CACHE"
    # Debian's own Python by its path: another one may come first on PATH.
    run_logged "$CACHE/venv.log" /usr/bin/python3 -m venv "$VENV"
    run_logged "$CACHE/pip.log" "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir -r tests/requirements.txt
    # The stamp comes last: an interrupted set-up is done again.
    printf '%s\n' "$wanted" >"$stamp"
}
