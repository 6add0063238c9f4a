<?php
/**
 * The health check's answer. Names no WordPress function: it runs before WordPress does.
 *
 * Two ways lead here: wp-plugin/healthz.php, to which the web server maps /healthz,
 * and inc/early.php for sites that cannot map it.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || defined( 'WP_DYNAMODB_HEALTHZ' ) || exit;

/**
 * Time the extension may take, in milliseconds. With PHP's own start and the network it must
 * stay below the 1.5 s promised, which must stay below the 2 s that Route 53 waits.
 */
const HEALTHZ_TIMEOUT_MS = 1200;

/**
 * Asks this host's own Region, and only that one: a check that depended on the other
 * Region would take both out together.
 *
 * @return array{ok: bool, details: array<string, string>} Details are safe to show to anybody:
 *         never an error's text, which may hold table names, ARNs or addresses.
 */
function check_health(): array {
	if ( ! function_exists( 'wp_dynamodb_health' ) ) {
		// Not healthy: this host keeps no session, so traffic must go to a host that does.
		return array(
			'ok'      => false,
			'details' => array( 'cause' => 'extension missing' ),
		);
	}

	try {
		$health = wp_dynamodb_health( HEALTHZ_TIMEOUT_MS );
	} catch ( \Throwable ) {
		return array(
			'ok'      => false,
			'details' => array( 'cause' => 'configuration' ),
		);
	}

	$ok      = true === ( $health['ok'] ?? false );
	$details = array();
	if ( ! empty( $health['region'] ) ) {
		$details['region'] = plain_word( $health['region'] );
	}
	if ( is_numeric( $health['latency_ms'] ?? null ) ) {
		$details['latency_ms'] = sprintf( '%.1F', $health['latency_ms'] );
	}
	if ( ! $ok ) {
		$details['cause'] = plain_word( $health['kind'] ?? '' );
	}

	return array(
		'ok'      => $ok,
		'details' => $details,
	);
}

/**
 * One short word of the extension's answer, reduced to what a health page may show.
 *
 * @param mixed $word Region or cause.
 */
function plain_word( mixed $word ): string {
	$plain = is_string( $word ) ? preg_replace( '/[^A-Za-z0-9_-]+/', ' ', $word ) : '';
	$plain = substr( trim( (string) $plain ), 0, 40 );

	return '' === $plain ? 'unknown' : $plain;
}

/**
 * Sends the whole answer: 200 and `OK`, or 503 and `FAIL`, as the body's first line.
 */
function send_healthz(): void {
	// Nothing may stand before the first line: no notice, no output of a prepended file.
	ini_set( 'display_errors', '0' ); // phpcs:ignore Squiz.PHP.DiscouragedFunctions.Discouraged
	while ( ob_get_level() > 0 && ob_end_clean() ) {
		continue;
	}

	// session.auto_start, or a prepended file: a health check must leave no session and no cookie.
	if ( PHP_SESSION_ACTIVE === session_status() ) {
		session_abort();
	}

	$health = check_health();
	$body   = $health['ok'] ? "OK\n" : "FAIL\n";
	foreach ( $health['details'] as $name => $value ) {
		$body .= "{$name}: {$value}\n";
	}

	if ( ! headers_sent() ) {
		header_remove( 'Set-Cookie' );
		header_remove( 'X-Powered-By' );
		header_remove( 'Expires' );
		header_remove( 'Pragma' );
		http_response_code( $health['ok'] ? 200 : 503 );
		header( 'Content-Type: text/plain; charset=utf-8' );
		header( 'Cache-Control: no-store' );
		header( 'X-Robots-Tag: noindex, nofollow' );
		header( 'X-Content-Type-Options: nosniff' );
	}

	if ( 'HEAD' !== ( $_SERVER['REQUEST_METHOD'] ?? 'GET' ) ) {
		echo $body; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- plain text of plain_word() and numbers.
	}
}
