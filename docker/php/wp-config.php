<?php
/**
 * WordPress's configuration from the environment, by the names that the official image uses. WORDPRESS_DB_PASSWORD_FILE names a
 * file with the value instead (a secret that is mounted), and so for all of them.
 */

/**
 * One value, or the default.
 */
function wp_dynamodb_container_value( string $name, string $default = '' ): string {
	$file = getenv( $name . '_FILE' );
	if ( is_string( $file ) && '' !== $file ) {
		$value = is_readable( $file ) ? file_get_contents( $file ) : false;
		if ( false === $value ) {
			// Never an empty password or salt in its place.
			throw new RuntimeException( "{$name}_FILE names no file that can be read" );
		}
		return rtrim( $value, "\r\n" );
	}
	$value = getenv( $name );

	return is_string( $value ) && '' !== $value ? $value : $default;
}

// Read by itself for health checks, too: what names the database comes first.
define( 'DB_NAME', wp_dynamodb_container_value( 'WORDPRESS_DB_NAME', 'wordpress' ) );
define( 'DB_USER', wp_dynamodb_container_value( 'WORDPRESS_DB_USER', 'wordpress' ) );
define( 'DB_PASSWORD', wp_dynamodb_container_value( 'WORDPRESS_DB_PASSWORD' ) );
// wp_dynamodb.constants may have set it already, by the active Region.
defined( 'DB_HOST' ) || define( 'DB_HOST', wp_dynamodb_container_value( 'WORDPRESS_DB_HOST', 'mysql' ) );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
$table_prefix = wp_dynamodb_container_value( 'WORDPRESS_TABLE_PREFIX', 'wp_' );

// The same in every Region, or a login holds in one of them only.
foreach ( array( 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT' ) as $salt ) {
	define( $salt, wp_dynamodb_container_value( 'WORDPRESS_' . $salt ) );
}

// The names under which the site answers, the first one when somebody asks by another: WordPress must not redirect from Region to Region.
$hosts = array_filter( explode( ',', wp_dynamodb_container_value( 'WORDPRESS_HOSTS' ) ) );
if ( $hosts ) {
	$asked  = $_SERVER['HTTP_HOST'] ?? '';
	$scheme = 'https' === ( $_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '' ) ? 'https' : 'http';
	$home   = $scheme . '://' . ( in_array( $asked, $hosts, true ) ? $asked : $hosts[0] );
	define( 'WP_HOME', $home );
	define( 'WP_SITEURL', $home );
	if ( 'https' === $scheme ) {
		$_SERVER['HTTPS'] = 'on';
	}
	// By default the cookies' names come from the address.
	define( 'COOKIEHASH', md5( $hosts[0] ) );
}

define( 'WP_DEBUG', '1' === wp_dynamodb_container_value( 'WORDPRESS_DEBUG' ) );
define( 'WP_DEBUG_DISPLAY', false );
// The code is the image's: it is changed by a new image.
define( 'DISALLOW_FILE_MODS', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
if ( '1' === wp_dynamodb_container_value( 'WORDPRESS_CLOSED_NETWORK' ) ) {
	define( 'WP_HTTP_BLOCK_EXTERNAL', true );
	define( 'DISABLE_WP_CRON', true );
}

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
