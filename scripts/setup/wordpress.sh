# shellcheck shell=bash
# WordPress's files from Debian's packages, unpacked into the cache and not installed on the machine.
# wordpress/ in the result is complete and holds no link: the package links to libraries of other packages, and its own
# writable wp-content lives under /var/lib/wordpress.

# Two versions: that of Debian 12, on which the demo runs, and that of Debian 13, against which the plugin is tested as well. Each with
# the packages that it links into; themes are packages of their own.
WORDPRESS_PACKAGES=(wordpress wordpress-theme-twentytwentythree php-getid3 libjs-cropper libjs-underscore)
NEWER_WORDPRESS_PACKAGES=(wordpress wordpress-theme-twentytwentyfive php-getid3 libjs-cropper libjs-underscore libjs-lodash)

unpack_both_wordpresses() {
    unpack_wordpress 6.1 bookworm "${WORDPRESS_PACKAGES[@]}"
    unpack_wordpress 6.8 trixie "${NEWER_WORDPRESS_PACKAGES[@]}"
}

# unpack_wordpress VERSION SUITE PACKAGE...: makes $CACHE/wordpress-VERSION/wordpress.
unpack_wordpress() {
    local version=$1 suite=$2
    local name=wordpress-$version
    shift 2
    if [[ -e $CACHE/$name/complete ]]; then return 0; fi

    say "fetching and unpacking WordPress $version ($*)"
    local work=$CACHE/$name.new
    rm -rf "$work"
    mkdir -p "$work/debs" "$work/root"
    download_packages "$work/debs" "$suite" "$@"
    local deb found
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/root"; done
    resolve_links "$work/root" "$work/wordpress"
    [[ -r $work/wordpress/wp-settings.php ]] || die "the wordpress package does not look as expected: no wp-settings.php in it"
    found=$(sed -n "s/^\$wp_version = '\([0-9.]*\)'.*/\1/p" "$work/wordpress/wp-includes/version.php")
    [[ $found == "$version"* ]] || die "the wordpress package of $suite is version $found, not $version: set the version in scripts/setup/wordpress.sh and in tests/harness/paths.py"

    rm -rf "$work/root" "$work/debs" "${CACHE:?}/$name"
    touch "$work/complete"
    mv "$work" "$CACHE/$name"
}

# download_packages DIR SUITE PACKAGE... The package lists may be missing or older than the mirror, so a failure is tried once more after
# an update. A suite that is not the machine's own gets lists of its own.
download_packages() {
    local dir=$1 suite=$2 options=()
    shift 2
    if [[ $suite != "$(machine_suite)" ]]; then
        mapfile -t options < <(foreign_suite "$suite")
    fi
    # The sandbox user of apt cannot write here: the repository may be in a folder that only root can enter.
    fetch() { (cd "$dir" && apt -o APT::Sandbox::User=root "${options[@]}" download "$@") >"$CACHE/apt-download.log" 2>&1; }
    if ! fetch "$@"; then
        if [[ ${#options[@]} -gt 0 ]]; then
            apt -o APT::Sandbox::User=root "${options[@]}" update >"$CACHE/apt-update.log" 2>&1 || { tail -n 20 "$CACHE/apt-update.log" >&2; die "the package lists of $suite could not be fetched"; }
        else
            apt_update
        fi
        fetch "$@" || { tail -n 20 "$CACHE/apt-download.log" >&2; die "could not download $*"; }
    fi
}

machine_suite() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

# foreign_suite SUITE: apt's options, one a line, for the packages of another suite from the machine's own mirror. Nothing of the machine's
# own apt is touched.
foreign_suite() {
    local suite=$1 own folder=$CACHE/apt-$1
    own=$(machine_suite)
    mkdir -p "$folder/sources" "$folder/lists/partial"
    rm -f "$folder"/sources/*
    # Both ways to write a source; of each only the entry of the suite itself (no updates, no security).
    { cat /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } | awk -v own="$own" -v suite="$suite" '
        BEGIN { RS = ""; FS = "\n" }
        $0 ~ "(^|\n)Suites:[^\n]* " own "( |\n|$)" || $0 ~ "(^|\n)Suites: *" own "( |\n|$)" {
            for (i = 1; i <= NF; i++) if ($i !~ /^#/) print ($i ~ /^Suites:/ ? "Suites: " suite : $i)
            print ""
        }' >"$folder/sources/foreign.sources"
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } | sed -n "s/^\(deb .*\) $own \(.*\)/\1 $suite \2/p" >"$folder/sources/foreign.list"
    printf '%s\n' -o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$folder/sources" -o "Dir::State::Lists=$folder/lists" \
        -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache="
}

# resolve_links ROOT TARGET: copies ROOT/usr/share/wordpress to TARGET with every link replaced by what it points to. Links with
# absolute targets mean paths under ROOT; those to things that are not unpacked (.htaccess in /etc) are left out.
resolve_links() {
    local root=$1 target=$2 link to
    while IFS= read -r -d '' link; do
        to=$(readlink "$link")
        if [[ $to == /* ]]; then ln -sfnr "$root$to" "$link"; fi
    done < <(find "$root" -type l -print0)
    find "$root" -xtype l -delete
    cp -rL "$root/usr/share/wordpress" "$target"
    # Themes and the writable wp-content are elsewhere in the package.
    mkdir -p "$target/wp-content/themes" "$target/wp-content/plugins" "$target/wp-content/uploads"
    if [[ -d $root/var/lib/wordpress/wp-content ]]; then cp -rLn "$root/var/lib/wordpress/wp-content/." "$target/wp-content/"; fi
    chmod -R u=rwX,go=rX "$target"
}
