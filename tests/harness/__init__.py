"""Starts and drives the lab, php-fpm, nginx, MariaDB and WordPress for the demo and the end-to-end tests.

paths      where everything is, and the ports             lab        the local Regions and their faults
wait       deadlines, with the log's tail when one passes fpm        one php-fpm host (one Region's container)
process    daemons known by pid file                      mariadb, nginx, wordpress   the parts of a site
fastcgi    a request to php-fpm without a web server      site       WordPress in every Region, and the front
visitor    a browser's worth of HTTP for the WordPress pages
doors      the lab's doors, by address or by name
"""
