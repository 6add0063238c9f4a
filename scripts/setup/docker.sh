# shellcheck shell=bash
# A Docker engine for one run: the machine's own when it answers and has buildx and Compose, else one of Debian's packages, unpacked into the cache
# and not installed, with data, socket and processes of its own. Needs apt, download_packages (wordpress.sh) and bootstrap (php-root.sh).

# The engine with a Compose of version 2 and with buildx: Debian 13's, which run on Debian 12 as well.
ENGINE_SUITE=trixie
ENGINE_PACKAGES=(docker.io docker-cli docker-buildx docker-compose containerd)
# Bound to the machine's C library, so the machine's own. None of them brings a service. iptables: for names inside containers.
MACHINES_PACKAGES=(debootstrap iptables runc tini)

ENGINE=$CACHE/docker
# Short, since a socket's path may have 107 bytes, and the same at every run: what a killed run has left is found.
ENGINE_RUN=/run/wp-dynamodb-docker-$(sha256sum <<<"$ROOT" | cut -c 1-8)
# Whether it was started here.
OWN_ENGINE=no

# use_engine: sets DOCKER. Returns 1, and says why in WHY_NOT, where no engine can run.
use_engine() {
    DOCKER=docker
    # One that is named and silent is none.
    if timeout 20 docker info && docker buildx version && docker compose version; then return 0; fi >/dev/null 2>&1
    WHY_NOT=
    grep -qw overlay /proc/filesystems || WHY_NOT="no engine answers, and the kernel has no overlayfs to start one with"
    [[ -e /sys/fs/cgroup/cgroup.controllers || -d /sys/fs/cgroup/memory ]] || WHY_NOT="no engine answers, and there are no cgroups to start one with"
    unshare --mount --net --pid --fork true 2>/dev/null || WHY_NOT="no engine answers, and namespaces to start one with cannot be made"
    [[ -z $WHY_NOT ]] || return 1
    unpack_engine
    start_engine
}

unpack_engine() {
    mkdir -p "$ENGINE"
    # shellcheck disable=SC2034 # read by install_packages
    local PACKAGES=("${MACHINES_PACKAGES[@]}") UNITS=()
    install_packages
    export DOCKER_CONFIG=$ENGINE/config
    DOCKER=$ENGINE/root/usr/bin/docker
    if [[ -e $ENGINE/root/complete ]]; then return 0; fi
    say "fetching and unpacking an engine (${ENGINE_PACKAGES[*]} of Debian's $ENGINE_SUITE)"
    rm -rf "$ENGINE/root.new" "$ENGINE/debs" "$ENGINE/config"
    mkdir -p "$ENGINE/debs" "$ENGINE/config/cli-plugins"
    download_packages "$ENGINE/debs" "$ENGINE_SUITE" "${ENGINE_PACKAGES[@]}"
    local deb
    for deb in "$ENGINE"/debs/*.deb; do dpkg -x "$deb" "$ENGINE/root.new"; done
    rm -rf "$ENGINE/debs" "$ENGINE/root"
    # The links first, to where the folder is going to be: whoever finds it complete finds them, too.
    local plugin
    for plugin in "$ENGINE"/root.new/usr/libexec/docker/cli-plugins/*; do
        ln -s "$ENGINE/root/usr/libexec/docker/cli-plugins/$(basename "$plugin")" "$ENGINE/config/cli-plugins/"
    done
    touch "$ENGINE/root.new/complete"
    mv "$ENGINE/root.new" "$ENGINE/root"
}

# Leaves the machine's firewall and forwarding alone: containers reach each other over bridges, the host's loopback by the engine's own
# proxy, and nothing outside; only builds do, with the host's network.
start_engine() {
    stop_engine
    mkdir -p "$ENGINE_RUN"
    export DOCKER_HOST=unix://$ENGINE_RUN/docker.sock
    PATH=$ENGINE/root/usr/bin:$PATH setsid "$ENGINE/root/usr/sbin/dockerd" --host "$DOCKER_HOST" --data-root "$ENGINE/data" --exec-root "$ENGINE_RUN/exec" \
        --pidfile "$ENGINE_RUN/docker.pid" --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
        --userland-proxy-path "$ENGINE/root/usr/sbin/docker-proxy" --init-path /usr/bin/tini-static >"$ENGINE/dockerd.log" 2>&1 9>&- &
    local pid=$! tries=0
    OWN_ENGINE=yes
    until timeout 5 "$DOCKER" info >/dev/null 2>&1; do
        tries=$((tries + 1))
        if ! kill -0 "$pid" 2>/dev/null || [[ $tries -gt 60 ]]; then
            WHY_NOT="dockerd does not start: $(sed -n 's/^failed to start daemon: //p; s/.*level=fatal msg=//p' "$ENGINE/dockerd.log" | tail -n 1) (log: $ENGINE/dockerd.log)"
            return 1
        fi
        sleep 0.5
    done
}

# stop_engine: the one of this checkout, whoever started it. Its images and its build cache stay in $ENGINE/data.
stop_engine() {
    local pid tries=0
    pid=$(cat "$ENGINE_RUN/docker.pid" 2>/dev/null) || return 0
    # A process id alone may meanwhile be somebody else's.
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--exec-root $ENGINE_RUN/exec"; then
        kill "$pid"
        while kill -0 "$pid" 2>/dev/null && [[ $tries -lt 120 ]]; do
            tries=$((tries + 1))
            sleep 0.25
        done
        # What containers with the machine's network leave behind.
        umount "$ENGINE_RUN"/exec/netns/* 2>/dev/null || true
        rm -rf "$ENGINE_RUN" || say "something of the engine's is still mounted in $ENGINE_RUN"
    else
        # It was killed. Its containers may still run: the next engine finds them by what is in exec/, and ends them.
        rm -f "$ENGINE_RUN/docker.pid" "$ENGINE_RUN/docker.sock"
    fi
    # shellcheck disable=SC2034 # read by docker-test.sh
    OWN_ENGINE=no
}

# base_image SUITE: wp-dynamodb-test/debian:SUITE, the machine's own release of Debian, by debootstrap from the machine's own mirror.
base_image() {
    local suite=$1 image=wp-dynamodb-test/debian:$1 folder=$ENGINE/base/root
    if "$DOCKER" image inspect "$image" >/dev/null 2>&1; then return 0; fi
    say "making the image $image with debootstrap (a minute or two)"
    rm -rf "$ENGINE/base"
    mkdir -p "$ENGINE/base"
    # shellcheck disable=SC2034 # where bootstrap keeps its log
    local PHP_FOLDER=$ENGINE/base
    bootstrap "$suite" "$folder"
    # The machine's own: a proxy's password would be in every image.
    rm "$folder/etc/apt/apt.conf.d/90machine"
    # As in Debian's own image: what apt fetches is not kept, and translations and documents are not unpacked.
    printf '%s\n' 'Acquire::Retries "3";' 'APT::Keep-Downloaded-Packages "false";' 'Dir::Cache::pkgcache "";' 'Dir::Cache::srcpkgcache "";' 'Acquire::Languages "none";' \
        'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };' >"$folder/etc/apt/apt.conf.d/91image"
    printf 'path-exclude=/usr/share/%s\n' 'doc/*' 'man/*' 'info/*' 'locale/*' >"$folder/etc/dpkg/dpkg.cfg.d/image"
    rm -rf "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/* "$folder"/usr/share/{doc,man,info,locale}/* "$folder"/var/log/*.log
    tar -C "$folder" --numeric-owner -c . | "$DOCKER" import - "$image" >/dev/null
    rm -rf "$ENGINE/base"
}
