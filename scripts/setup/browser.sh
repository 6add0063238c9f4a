# shellcheck shell=bash
# What the browser tests drive Debian's Chromium with: playwright-core and axe-core, from npm, as tests/browser/package-lock.json
# pins them. Made again only when that changes. No browser is downloaded.

NODE_FOLDER=$CACHE/node

# Of packages.sh, which installs them. Another Node.js that comes with npm is as good as Debian's, which conflicts with it.
install_node() {
    if command -v node >/dev/null && command -v npm >/dev/null; then return 0; fi
    # shellcheck disable=SC2034 # read by install_packages
    local PACKAGES=(nodejs npm)
    install_packages
}

install_browser_tools() {
    local wanted stamp=$NODE_FOLDER/package-lock.sha256 version
    wanted=$(cat tests/browser/package.json tests/browser/package-lock.json | sha256sum)
    if [[ -r $stamp && $(<"$stamp") == "$wanted" ]]; then return 0; fi

    install_node
    version=$(node --version)
    version=${version#v}
    [[ ${version%%.*} -ge 18 ]] || die "Node.js $version is too old for the browser tests: 18 is the least"
    say "installing the browser tests' modules (npm ci)"
    rm -rf "$NODE_FOLDER"
    mkdir -p "$NODE_FOLDER"
    cp tests/browser/package.json tests/browser/package-lock.json "$NODE_FOLDER/"
    run_logged "$CACHE/npm.log" npm --prefix "$NODE_FOLDER" ci --ignore-scripts --no-audit --no-fund
    # The stamp comes last: an interrupted set-up is done again.
    printf '%s\n' "$wanted" >"$stamp"
}
