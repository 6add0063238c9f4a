<?php
/**
 * Where login sessions lie: a DynamoDB table with the keys `user` and `item`, and beside it WordPress's own user meta.
 *
 * One partition for each user of each site. Its items never change what another one says:
 *
 *     s#<verifier>  a login session: `session` (JSON), `created` (ms), `expires`
 *     r#<verifier>  that session has ended, whatever else is found of it
 *     e#<ms>        all sessions that began until then have ended, but for those in `keep` (JSON)
 *
 * So it does not matter in which order or through which Region they arrive: what has ended stays ended.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/pending.php';

/** The option with the moment (ms) of the plugin's activation: what began before counts only if user meta has it, too. */
const SINCE_OPTION = 'wp_dynamodb_logins_since';

/** The option that ends all sessions of all users that began before (ms): `WP_Session_Tokens::destroy_all_for_all_users()`. */
const DROPPED_OPTION = 'wp_dynamodb_logins_dropped';

/** The option with the table that has answered once: from then on something may have ended in DynamoDB alone. */
const FOUND_OPTION = 'wp_dynamodb_logins_found';

/** Beside WordPress's own entries of a session in user meta: when it began (ms). DynamoDB has those that carry it. */
const CREATED_KEY = 'wp_dynamodb_created';

/** Beside it: DynamoDB has never been told of the session. */
const ONLY_KEY = 'wp_dynamodb_only_here';

/** More items than that of what has ended in one partition, and they are tidied away at the next login. */
const LOGINS_UNTIDY = 100;

/** So many of them at most: each takes a call. */
const LOGINS_TIDIED = 20;

/** So old (seconds) they must be: by then every Region has what began before. */
const LOGINS_SETTLED = 300;

/** So long (seconds) a request looks, one by one, at sessions that the read of all may not have reached; or ends or tidies many. */
const LOGINS_LOOK = 1.5;

/** A Region that has failed within so many seconds would fail again: its probes do not come as often when SSM is silent, too. */
const LOGINS_SILENT = 3;

/**
 * Whether login sessions are kept in DynamoDB: it is switched on, and the extension can do it.
 */
function has_logins(): bool {
	return true === setting( 'logins' ) && function_exists( 'wp_dynamodb_query' );
}

/**
 * Whether the answer of a read is known before it is made: there is none. All breakers of this host are open, reads of login sessions have
 * failed since, and every Region has been asked in vain a moment ago. While that lasts, the extension's poller goes on asking.
 */
function is_dynamodb_silent(): bool {
	try {
		$status = wp_dynamodb_status();
	} catch ( \Throwable ) {
		// The read itself will say what is wrong.
		return false;
	}
	$regions = $status['regions'] ?? array();
	$silent  = array_filter(
		$regions,
		static fn ( array $region ): bool => 'closed' !== ( $region['breaker']['state'] ?? 'closed' )
			&& in_array( $region['last_error']['kind'] ?? '', array( 'timeout', 'unavailable' ), true )
			&& $region['last_error']['age_ms'] < 1000 * LOGINS_SILENT
	);

	return null !== ( $status['items_failing_ms'] ?? null ) && array() !== $regions && count( $silent ) === count( $regions );
}

/**
 * Whether the table has ever answered this site.
 */
function is_logins_table_found(): bool {
	return setting( 'logins_table' ) === stored_option( FOUND_OPTION );
}

/**
 * Remembers that it has.
 */
function note_logins_found(): void {
	if ( ! is_logins_table_found() ) {
		quietly( static fn (): bool => store_option( FOUND_OPTION, (string) setting( 'logins_table' ) ) );
	}
}

/**
 * The partition of a user. Named by what signs the site's cookies: a copy of the site with other salts has its own.
 *
 * @param string $login The user's login name, as in the cookie.
 */
function login_partition( string $login ): string {
	global $wpdb;

	$salt = '';
	foreach ( array( 'LOGGED_IN_KEY', 'LOGGED_IN_SALT' ) as $name ) {
		$salt .= defined( $name ) && 'put your unique phrase here' !== constant( $name ) ? constant( $name ) : '';
	}
	if ( '' === $salt ) {
		$salt = wp_salt( 'logged_in' );
	}

	return substr( hash( 'sha256', "wp-dynamodb\n{$salt}\n{$wpdb->base_prefix}" ), 0, 16 ) . '#' . substr( hash( 'sha256', $login ), 0, 40 );
}

/**
 * The key of a query for everything of a user.
 *
 * @param string $partition From login_partition().
 * @return array{user: string, item: string}
 */
function login_key( string $partition ): array {
	return array(
		'user' => $partition,
		'item' => '',
	);
}

/** Options of that query: a login that was stored a moment ago must be found. */
const LOGIN_QUERY = array(
	'consistent' => true,
	'limit'      => 1000,
);

/**
 * Begins to read the sessions of the user whom the request's cookie names, while WordPress starts. Called by the loader.
 */
function begin_login_query(): void {
	if ( ! has_logins() || ! defined( 'LOGGED_IN_KEY' ) || 'put your unique phrase here' === constant( 'LOGGED_IN_KEY' ) ) {
		return;
	}

	// As wp_cookie_constants() is going to name it, after the must-use plugins.
	$hash = defined( 'COOKIEHASH' ) ? constant( 'COOKIEHASH' ) : md5( (string) get_site_option( 'siteurl' ) );
	$name = defined( 'LOGGED_IN_COOKIE' ) ? constant( 'LOGGED_IN_COOKIE' ) : "wordpress_logged_in_{$hash}";
	// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- only its form is looked at; WordPress checks the signature later.
	$cookie = $_COOKIE[ $name ] ?? '';
	// Only what may be a cookie of this site that has not ended: each read costs.
	if ( ! is_string( $cookie ) || 1 !== preg_match( '/^([^|]{1,60})\|(\d{1,12})\|[A-Za-z0-9]{43}\|[0-9a-f]{64}$/D', $cookie, $parts ) || (int) $parts[2] < time() ) {
		return;
	}

	if ( is_dynamodb_silent() ) {
		return;
	}
	try {
		wp_dynamodb_query_ahead( (string) setting( 'logins_table' ), login_key( login_partition( $parts[1] ) ), LOGIN_QUERY );
	} catch ( \Throwable ) {
		// The query itself will say what is wrong.
		return;
	}
}

/**
 * Writes to the user meta that WordPress itself would use.
 *
 * @param int    $user_id The user.
 * @param string $name    The meta key.
 * @param mixed  $value   The value; empty removes it.
 * @return bool Whether it is stored.
 */
function write_login_meta( int $user_id, string $name, mixed $value ): bool {
	return quietly(
		static function () use ( $user_id, $name, $value ): bool {
			if ( array() === $value ) {
				delete_user_meta( $user_id, $name );
				return array() === get_user_meta( $user_id, $name );
			}
			// WordPress takes one level of backslashes off; a browser's name may hold some.
			update_user_meta( $user_id, $name, wp_slash( $value ) );
			// phpcs:ignore Universal.Operators.StrictComparisons -- as update_metadata() itself compares.
			return get_user_meta( $user_id, $name, true ) == $value;
		}
	);
}

/**
 * Lets something write to the database without a word when that refuses: it may be read-only in this Region.
 *
 * @param callable(): bool $write What writes; whether it did.
 */
function quietly( callable $write ): bool {
	global $wpdb;

	$shown = $wpdb->suppress_errors( true );
	try {
		return $write();
	} finally {
		$wpdb->suppress_errors( $shown );
	}
}

/**
 * One line in PHP's error log, once in a request for each text. Never a verifier or a name.
 *
 * @param string $text What happened.
 */
function log_logins( string $text ): void {
	static $said = array();

	if ( ! isset( $said[ $text ] ) ) {
		$said[ $text ] = true;
		error_log( "wp-dynamodb: {$text}" ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions -- for whoever is on call.
	}
}
