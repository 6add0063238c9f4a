<?php
/**
 * What the page and the JSON tell.
 *
 * @package WP_DynamoDB_Demo_Cart
 */

namespace WP_DynamoDB_Demo_Cart;

defined( 'ABSPATH' ) || exit;

/**
 * Everything about this request's session.
 *
 * @param bool $session_ok Whether the session was started.
 * @return array{lines: list<array{item: string, quantity: int, added_in: string}>, region: ?string, route: ?string,
 *     host_region: ?string, pid: int, user: ?string, session_ok: bool, session_end: string}
 *     `session_end` is the last four characters of the session's id, enough to recognise it and useless to a thief.
 */
function describe( bool $session_ok ): array {
	$user = wp_get_current_user();
	$host = getenv( 'AWS_REGION' );

	return array(
		'lines'       => $session_ok ? cart_lines() : array(),
		'region'      => active_region(),
		'route'       => extension_status()['route'] ?? null,
		'host_region' => is_string( $host ) && '' !== $host ? $host : null,
		'pid'         => (int) getmypid(),
		'user'        => $user->exists() ? $user->user_login : null,
		'session_ok'  => $session_ok,
		'session_end' => $session_ok ? substr( (string) session_id(), -4 ) : '',
	);
}

/**
 * The active Region; null when neither the extension nor the plugin knows one.
 */
function active_region(): ?string {
	$region = extension_status()['active'] ?? ( defined( 'WP_DYNAMODB_ACTIVE_REGION' ) ? constant( 'WP_DYNAMODB_ACTIVE_REGION' ) : null );

	return is_string( $region ) ? $region : null;
}

/**
 * The extension's own account, asked once a request; empty without the extension.
 *
 * @return array<string, mixed>
 */
function extension_status(): array {
	static $status = null;

	if ( null === $status ) {
		try {
			$status = function_exists( 'wp_dynamodb_status' ) ? wp_dynamodb_status() : array();
		} catch ( \Throwable $problem ) {
			error_log( 'WP DynamoDB demo cart: ' . $problem->getMessage() );
			$status = array();
		}
	}

	return $status;
}
