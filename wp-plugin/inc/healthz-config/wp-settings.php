<?php
/**
 * Stands where wp-config.php looks for WordPress, while a health check reads the database's address from it: nothing is loaded.
 *
 * @package WP_DynamoDB
 */

defined( 'ABSPATH' ) || exit;
