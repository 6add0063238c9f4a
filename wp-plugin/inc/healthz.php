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
 * Time for the whole check, in milliseconds. With PHP's own start and the network it must stay below the 1.5 s promised,
 * which must stay below the 2 s that Route 53 waits.
 */
const HEALTHZ_TIMEOUT_MS = 1300;

/** The least that DynamoDB is given, when the database has taken nearly all of it. */
const HEALTHZ_LEAST_MS = 250;

/**
 * What is asked, by `level`: `live` (PHP answers), `region` (this Region's DynamoDB can be read; the default) or `ready`
 * (it can be written, too, and the database answers). Another word is no level.
 */
function healthz_level(): string {
	// phpcs:ignore WordPress.Security.NonceVerification, WordPress.Security.ValidatedSanitizedInput -- compared only; a health check has no nonce.
	$level = $_GET['level'] ?? 'region';

	return is_string( $level ) && in_array( $level, array( 'live', 'region', 'ready' ), true ) ? $level : '';
}

/**
 * Whether the request knows the secret: WP_DYNAMODB_HEALTHZ_SECRET (environment, or constant where WordPress runs), sent as
 * header `X-Healthz-Secret` or parameter `secret`. Without a secret nobody does.
 */
function knows_healthz_secret(): bool {
	$secret = defined( 'WP_DYNAMODB_HEALTHZ_SECRET' ) ? constant( 'WP_DYNAMODB_HEALTHZ_SECRET' ) : getenv( 'WP_DYNAMODB_HEALTHZ_SECRET' );
	// phpcs:ignore WordPress.Security.NonceVerification, WordPress.Security.ValidatedSanitizedInput -- compared only.
	$given = $_SERVER['HTTP_X_HEALTHZ_SECRET'] ?? $_GET['secret'] ?? '';

	return is_string( $secret ) && strlen( $secret ) >= 8 && is_string( $given ) && hash_equals( $secret, $given );
}

/**
 * Asks this host's own Region, and only that one: a check that depended on the other Region would take both out together.
 *
 * @param string $level live, region or ready.
 * @return array{ok: bool, details: array<string, string>} Details never hold an error's text, which may hold table names,
 *         ARNs or addresses.
 */
function check_health( string $level = 'region' ): array {
	$answer = static fn ( bool $ok, array $details = array() ): array => compact( 'ok', 'details' );
	$began  = microtime( true );
	if ( 'live' === $level ) {
		return $answer( true );
	}
	if ( ! function_exists( 'wp_dynamodb_health' ) ) {
		// Not healthy: this host keeps no session, so traffic must go to a host that does.
		return $answer( false, array( 'cause' => 'extension missing' ) );
	}
	if ( 'ready' === $level ) {
		$problem = database_problem();
		if ( '' !== $problem ) {
			return $answer( false, array( 'cause' => $problem ) );
		}
	}

	try {
		$left   = HEALTHZ_TIMEOUT_MS - (int) ( 1000 * ( microtime( true ) - $began ) );
		$health = wp_dynamodb_health( max( HEALTHZ_LEAST_MS, $left ), 'ready' === $level );
	} catch ( \Throwable ) {
		return $answer( false, array( 'cause' => 'configuration' ) );
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

	return $answer( $ok, $details );
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
 * Sends the whole answer: 200 and `OK`, or 503 and `FAIL`, as the body's first line; for those who know the secret with details,
 * or with metrics (`metrics`). A level that does not exist is 400.
 */
function send_healthz(): void {
	// Nothing may stand before the first line: no notice, no output of a prepended file.
	ini_set( 'display_errors', '0' ); // phpcs:ignore Squiz.PHP.DiscouragedFunctions.Discouraged
	while ( ob_get_level() > 0 && ob_end_clean() ) {
		continue;
	}

	// What wp-config.php does to display_errors, and says, comes after this.
	ob_start();

	// session.auto_start, or a prepended file: a health check must leave no session and no cookie.
	if ( PHP_SESSION_ACTIVE === session_status() ) {
		session_abort();
	}

	// A wp-config.php that ends PHP, say: that is no health.
	$sent = false;
	register_shutdown_function(
		static function () use ( &$sent ): void {
			if ( ! $sent ) {
				send_plain( 503, "FAIL\n" );
			}
		}
	);
	list( $status, $body ) = healthz_answer();
	send_plain( $status, $body );
	$sent = true;
}

/**
 * Status and body.
 *
 * @return array{0: int, 1: string}
 */
function healthz_answer(): array {
	$knows = knows_healthz_secret();
	// phpcs:ignore WordPress.Security.NonceVerification -- a health check has no nonce.
	if ( isset( $_GET['metrics'] ) ) {
		return $knows ? healthz_metrics() : array( 403, "FAIL\n" );
	}
	$level = healthz_level();
	if ( '' === $level ) {
		return array( 400, "FAIL\n" );
	}

	$health = check_health( $level );
	$body   = $health['ok'] ? "OK\n" : "FAIL\n";
	foreach ( $knows ? $health['details'] : array() as $name => $value ) {
		$body .= "{$name}: {$value}\n";
	}

	return array( $health['ok'] ? 200 : 503, $body );
}

/**
 * The host's metrics for Prometheus.
 *
 * @return array{0: int, 1: string}
 */
function healthz_metrics(): array {
	try {
		return function_exists( 'wp_dynamodb_metrics' ) ? array( 200, (string) wp_dynamodb_metrics( 'prometheus' ) ) : array( 503, "FAIL\n" );
	} catch ( \Throwable ) {
		return array( 503, "FAIL\n" );
	}
}

/**
 * Sends a text that nobody keeps.
 *
 * @param int    $status HTTP status.
 * @param string $body   Plain text.
 */
function send_plain( int $status, string $body ): void {
	while ( ob_get_level() > 0 && ob_end_clean() ) {
		continue;
	}
	if ( ! headers_sent() ) {
		foreach ( array( 'Set-Cookie', 'X-Powered-By', 'Expires', 'Pragma', 'Location', 'Retry-After' ) as $name ) {
			header_remove( $name );
		}
		http_response_code( $status );
		header( 'Content-Type: text/plain; charset=utf-8' );
		header( 'Cache-Control: no-store' );
		header( 'X-Robots-Tag: noindex, nofollow' );
		header( 'X-Content-Type-Options: nosniff' );
	}

	if ( 'HEAD' !== ( $_SERVER['REQUEST_METHOD'] ?? 'GET' ) ) {
		echo $body; // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- plain text of plain_word() and numbers.
	}
}
