# A stand-in for the official mariadb image, made of Debian's packages, with as much of its environment as docker/compose.yaml uses.
ARG DEBIAN_IMAGE=debian:bookworm
FROM ${DEBIAN_IMAGE}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mariadb-server \
    && rm -rf /var/lib/apt/lists/* /var/lib/mysql && install -d -o mysql -g mysql /var/lib/mysql /run/mysqld
COPY --chmod=0755 docker/debian/mariadb-entrypoint /usr/local/bin/entrypoint
USER mysql
ENTRYPOINT ["entrypoint"]
