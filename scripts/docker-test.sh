#!/usr/bin/env bash
# make docker-test: builds the images of docker/, brings two Regions up with Compose, cuts one off by Docker's own means, and checks that the site goes
# on. Where no engine can run it says so and ends well.
#
#   --prebuilt FOLDER   takes the programs from a folder (target/debug) instead of compiling them in the images
#   --suite NAME        of the images: bookworm (PHP 8.2, WordPress 6.1) or trixie (8.4, 6.8); by default the machine's own
#   --profile NAME      cargo's profile for what is compiled in the images (dev; release takes three times as long)
#   --keep              leaves the site and the engine up
#   --must-run          a run that would be skipped fails
#
# Official images cannot be fetched everywhere, so all is built on Debian's packages (docker/debian/), and the compiler is this machine's.
set -euo pipefail

SCRIPT_NAME=docker-test
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
# shellcheck source=scripts/setup/packages.sh
source scripts/setup/packages.sh
# shellcheck source=scripts/setup/wordpress.sh
source scripts/setup/wordpress.sh
# shellcheck source=scripts/setup/php-root.sh
source scripts/setup/php-root.sh
# shellcheck source=scripts/setup/docker.sh
source scripts/setup/docker.sh

PREBUILT='' PROFILE=dev KEEP=no MUST_RUN=no SUITE=$(machine_suite)
while [[ $# -gt 0 ]]; do
    case $1 in
        --prebuilt) PREBUILT=$(cd "${2:?a folder}" && pwd); shift 2 ;;
        --suite) SUITE=${2:?a suite}; shift 2 ;;
        --profile) PROFILE=${2:?a profile}; shift 2 ;;
        --keep) KEEP=yes; shift ;;
        --must-run) MUST_RUN=yes; shift ;;
        *) die "usage: docker-test.sh [--prebuilt FOLDER] [--suite NAME] [--profile NAME] [--keep] [--must-run]" ;;
    esac
done
case $SUITE in
    bookworm) PHP_VERSION=8.2 WORDPRESS_VERSION=6.1 ;;
    trixie) PHP_VERSION=8.4 WORDPRESS_VERSION=6.8 ;;
    *) die "no images are made of Debian's $SUITE: --suite bookworm or --suite trixie" ;;
esac

# skip WHY: nothing can be tried here.
skip() {
    [[ $MUST_RUN == no ]] || die "$1"
    say "skipped: $1"
    exit 0
}

[[ $EUID -eq 0 ]] || skip "run this as root: debootstrap makes the base image, and an engine may have to be started"
mkdir -p "$ENGINE"
exec 9>"$ENGINE/lock"
flock --nonblock 9 || die "another docker-test is running"

take_down() {
    local status=$?
    trap - EXIT
    if [[ $KEEP == yes ]]; then
        say "left up: http://127.0.0.1:$PORT/?demo_cart; for docker: export DOCKER_HOST=${DOCKER_HOST:-} DOCKER_CONFIG=${DOCKER_CONFIG:-} and $DOCKER"
        say "it ends with the next run without --keep, or by: $DOCKER compose -p $COMPOSE_PROJECT_NAME down --volumes; kill \$(cat $ENGINE_RUN/docker.pid)"
    else
        if [[ -n ${COMPOSE_FILE:-} ]]; then "$DOCKER" compose down --volumes --timeout 10 >>"$ENGINE/compose.log" 2>&1 || true; fi
        if [[ $OWN_ENGINE == yes ]]; then stop_engine; fi
    fi
    rm -rf "$ENGINE/programs" "$ENGINE/nothing"
    exit "$status"
}
trap take_down EXIT
trap 'exit 130' INT TERM

# With what stays for the next run, on a machine that has run it before, it is less.
wanted=8
if [[ -n $PREBUILT ]]; then wanted=3; fi
left=$(df --output=avail --block-size=1G "$ENGINE" | tail -n 1)
[[ $left -ge $wanted ]] || skip "$wanted GB are wanted in $ENGINE, and $left GB are left"
use_engine || skip "$WHY_NOT"
say "engine: $("$DOCKER" version --format 'Docker {{.Server.Version}}'), $("$DOCKER" info --format '{{.Driver}}, cgroup v{{.CgroupVersion}}'), Compose $("$DOCKER" compose version --short)$([[ $OWN_ENGINE == yes ]] && echo ", started for this run")"

scripts/setup.sh
base_image "$SUITE"
DEBIAN=wp-dynamodb-test/debian:$SUITE
problem=$("$DOCKER" run --rm --network none "$DEBIAN" true 2>&1) || skip "the engine starts no container here: $problem"

# ---- images ----

# Not the names that the documents give: an engine of the machine's may have images of those.
IMAGES=wp-dynamodb-test
# Docker keeps these two out of the images' histories.
for scheme in http https; do
    name=${scheme}_proxy
    eval "$(apt-config shell proxy "Acquire::$scheme::Proxy")"
    # DIRECT is apt's word for none.
    export "$name=${proxy:-${!name:-}}"
    [[ ${!name} != DIRECT ]] || export "$name="
    proxy=
done
report=()
# build NAME DOCKERFILE OPTION...: an image $IMAGES/NAME.
build() {
    local name=$1 file=$2 started=$SECONDS size
    shift 2
    # Packages and crates are fetched as the machine itself does it: over its network, by its proxy, trusting whom it trusts.
    run_logged "$ENGINE/build-$name.log" timeout 2h "$DOCKER" buildx build --progress plain --network host --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt \
        --build-arg http_proxy --build-arg https_proxy --build-arg "DEBIAN_IMAGE=$DEBIAN" -f "docker/$file" -t "$IMAGES/$name" "$@" .
    size=$("$DOCKER" image inspect --format '{{.Size}}' "$IMAGES/$name")
    report+=("$(printf '%-18s %5d MB  built in %4d s' "$name" $((size / 1000000)) $((SECONDS - started)))")
    say "${report[-1]}"
}

mkdir -p "$ENGINE/nothing"
if [[ -n $PREBUILT ]]; then
    # Without what only debuggers read: as a build in an image leaves it.
    mkdir -p "$ENGINE/programs"
    strip --strip-debug -o "$ENGINE/programs/wp_dynamodb.so" "$PREBUILT/libwp_dynamodb.so"
    for program in bootstrap wp-dynamodb-ctl wp-dynamodb-lab; do strip --strip-debug -o "$ENGINE/programs/$program" "$PREBUILT/$program"; done
    compiled=(--build-context "built=$ENGINE/programs" --build-context "rust=$ENGINE/nothing")
    say "programs: taken from $PREBUILT"
else
    # shellcheck source=scripts/rust.sh
    source scripts/rust.sh
    compiled=(--build-context "rust=$(rustc --print sysroot)" --build-arg "PROFILE=$PROFILE" --build-arg "RUST_IMAGE=$DEBIAN")
    say "programs: compiled in the images, profile $PROFILE (the first time almost half an hour on two cores, with dev)"
fi

php=$IMAGES/debian-php
stand_in=(--build-arg "PHP_VERSION=$PHP_VERSION" --build-context "wordpress=$CACHE/wordpress-$WORDPRESS_VERSION/wordpress")
build debian-php debian/php.Dockerfile "${stand_in[@]}" --target runtime
build debian-php-dev debian/php.Dockerfile "${stand_in[@]}" --target dev
build debian-nginx debian/nginx.Dockerfile
build debian-mariadb debian/mariadb.Dockerfile
build debian-lambda debian/lambda.Dockerfile
build php php/Dockerfile --target php --build-arg "PHP_IMAGE=$php" --build-arg "BUILD_IMAGE=$php-dev" "${compiled[@]}"
build wordpress php/Dockerfile --target wordpress --build-arg "PHP_IMAGE=$php" --build-arg "BUILD_IMAGE=$php-dev" "${compiled[@]}"
build demo php/demo.Dockerfile --build-arg "SITE_IMAGE=$IMAGES/wordpress"
build nginx nginx/Dockerfile --build-arg "NGINX_IMAGE=$IMAGES/debian-nginx" --build-arg "SITE_IMAGE=$IMAGES/demo"
build lambda lambda/Dockerfile --build-arg "LAMBDA_IMAGE=$IMAGES/debian-lambda" --build-arg "BUILD_IMAGE=$DEBIAN" "${compiled[@]}"
build lab lab/Dockerfile "${compiled[@]}"

# ---- the story ----

export SITE_IMAGE=$IMAGES/demo NGINX_IMAGE=$IMAGES/nginx LAB_IMAGE=$IMAGES/lab LAMBDA_IMAGE=$IMAGES/lambda MARIADB_IMAGE=$IMAGES/debian-mariadb
export PORT=${WPD_PORT:-26000} COMPOSE_PROJECT_NAME=wp-dynamodb-test COMPOSE_FILE=$ROOT/docker/compose.yaml
"$DOCKER" compose down --volumes --timeout 10 >"$ENGINE/compose.log" 2>&1
started=$SECONDS
run_logged "$ENGINE/compose-up.log" "$DOCKER" compose up --detach --wait
say "Compose: $("$DOCKER" compose ps --services | wc -l) services are up ($((SECONDS - started)) s)"
if ! DOCKER=$DOCKER "$VENV/bin/python" tests/docker/story; then
    "$DOCKER" compose logs --no-color >"$ENGINE/containers.log" 2>&1
    die "the story failed; what the containers said is in $ENGINE/containers.log"
fi
say "images:"
printf '  %s\n' "${report[@]}"
say "all is well ($SECONDS s)"
