<?php
/**
 * /healthz for sites whose web server cannot map it to healthz.php.
 *
 * WordPress has then already passed maintenance mode and connected to its database, so a site
 * in maintenance or without database fails its check; the mapped way does not.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * Whether the request asks for <home>/healthz.
 */
function is_healthz_request(): bool {
	// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- compared only, never shown or stored.
	$uri  = $_SERVER['REQUEST_URI'] ?? '';
	$path = is_string( $uri ) ? explode( '?', $uri, 2 )[0] : '';

	// The home address is looked up only for the rare path that may match.
	if ( ! str_ends_with( $path, '/healthz' ) ) {
		return false;
	}

	$home = wp_parse_url( (string) get_option( 'home' ), PHP_URL_PATH );

	return rtrim( (string) $home, '/' ) . '/healthz' === $path;
}
