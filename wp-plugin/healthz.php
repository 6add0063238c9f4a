<?php
/**
 * /healthz, served by the web server without WordPress: it answers in maintenance mode, with
 * a broken plugin and with the database away. readme.txt shows how to map the location.
 *
 * Meant to be opened directly, so it has no ABSPATH guard. It loads no WordPress file.
 *
 * @package WP_DynamoDB
 */

define( 'WP_DYNAMODB_HEALTHZ', true );

require __DIR__ . '/inc/healthz-answer.php';
require __DIR__ . '/inc/healthz-database.php';
require __DIR__ . '/inc/healthz.php';

WP_DynamoDB\send_healthz();
