# The demo's site: the target `wordpress` of docker/php/Dockerfile with the cart, and with an installer that asks nothing.
ARG SITE_IMAGE=wp-dynamodb/wordpress
FROM ${SITE_IMAGE}
USER root
COPY demo/wp-dynamodb-demo-cart/ /srv/wordpress/wp-content/plugins/wp-dynamodb-demo-cart/
COPY tests/harness/php/install.php /usr/local/share/wp-dynamodb/install.php
USER www-data
