# shellcheck shell=bash
# WordPress's files from Debian's packages, unpacked into the cache and not installed on the machine.
# wordpress/ in the result is complete and holds no link: the package links to libraries of other packages, and its own
# writable wp-content lives under /var/lib/wordpress.

WORDPRESS=wordpress-6.1
# The packages that wordpress links into. Its themes are packages of their own.
WORDPRESS_PACKAGES=(wordpress wordpress-theme-twentytwentythree php-getid3 libjs-cropper libjs-underscore)

unpack_wordpress() {
    if [[ -e $CACHE/$WORDPRESS/complete ]]; then return 0; fi

    say "fetching and unpacking WordPress (${WORDPRESS_PACKAGES[*]})"
    local work=$CACHE/$WORDPRESS.new
    rm -rf "$work"
    mkdir -p "$work/debs" "$work/root"
    download_packages "$work/debs"
    local deb
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/root"; done
    resolve_links "$work/root" "$work/wordpress"
    [[ -r $work/wordpress/wp-settings.php ]] || die "the wordpress package does not look as expected: no wp-settings.php in it"

    rm -rf "$work/root" "$work/debs" "${CACHE:?}/$WORDPRESS"
    touch "$work/complete"
    mv "$work" "$CACHE/$WORDPRESS"
}

# download_packages DIR. The package lists may be missing or older than the mirror, so a failure is tried once more after an update.
download_packages() {
    local dir=$1
    # The sandbox user of apt cannot write here: the repository may be in a folder that only root can enter.
    fetch() { (cd "$dir" && apt -o APT::Sandbox::User=root download "${WORDPRESS_PACKAGES[@]}") >"$CACHE/apt-download.log" 2>&1; }
    if ! fetch; then
        apt_update
        fetch || { tail -n 20 "$CACHE/apt-download.log" >&2; die "could not download ${WORDPRESS_PACKAGES[*]}"; }
    fi
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
