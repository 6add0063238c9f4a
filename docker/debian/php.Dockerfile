# A stand-in for wordpress:php8.x-fpm, made of Debian's packages: what `make docker-test` builds on, where no other image can be fetched.
# WordPress comes from the build context `wordpress`.
ARG DEBIAN_IMAGE=debian:bookworm
ARG PHP_VERSION=8.2

FROM ${DEBIAN_IMAGE} AS runtime
ARG PHP_VERSION
ENV PHP_VERSION=${PHP_VERSION}
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates php$PHP_VERSION-cli php$PHP_VERSION-curl php$PHP_VERSION-fpm \
        php$PHP_VERSION-gd php$PHP_VERSION-mbstring php$PHP_VERSION-mysql php$PHP_VERSION-opcache php$PHP_VERSION-xml php$PHP_VERSION-zip \
    && ln -s /usr/sbin/php-fpm$PHP_VERSION /usr/local/sbin/php-fpm && rm -rf /var/lib/apt/lists/*
COPY --from=wordpress . /usr/src/wordpress

FROM runtime AS dev
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends php$PHP_VERSION-dev
