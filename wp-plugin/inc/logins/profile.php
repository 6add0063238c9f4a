<?php
/**
 * "Where you are logged in": a list in the profile, with a button for each session.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * Prints the list.
 *
 * @param \WP_User $user Whose profile it is.
 */
function show_logins( \WP_User $user ): void {
	if ( ! has_logins() || ! current_user_can( 'edit_user', $user->ID ) ) {
		return;
	}

	$logins = Logins::of( $user->ID );
	$all    = array_filter( $logins->all(), static fn ( array $session ): bool => (int) ( $session['expiration'] ?? 0 ) > time() );
	$mine   = get_current_user_id() === $user->ID ? hash( 'sha256', wp_get_session_token() ) : '';
	uasort( $all, static fn ( array $one, array $other ): int => (int) ( $other['login'] ?? 0 ) <=> (int) ( $one['login'] ?? 0 ) );

	printf( '<h2 id="wp-dynamodb-logins">%s</h2>', esc_html__( 'Where you are logged in', 'wp-dynamodb' ) );
	// phpcs:ignore WordPress.Security.NonceVerification -- only shows a text.
	if ( isset( $_GET['wp_dynamodb_lost'] ) ) {
		printf( '<div class="notice notice-error inline" role="alert"><p>%s</p></div>', esc_html( lost_logout_text() ) );
	}
	if ( ! $logins->is_whole() ) {
		printf( '<p role="status">%s</p>', esc_html__( 'DynamoDB does not answer at the moment: the list may not be complete.', 'wp-dynamodb' ) );
	}
	printf(
		'<table class="widefat striped" style="max-width: 60em" aria-labelledby="wp-dynamodb-logins"><thead><tr><th scope="col">%s</th><th scope="col">%s</th><th scope="col">%s</th>'
		. '<th scope="col">%s</th><th scope="col"><span class="screen-reader-text">%s</span></th></tr></thead><tbody>',
		esc_html__( 'Device', 'wp-dynamodb' ),
		esc_html__( 'Address', 'wp-dynamodb' ),
		esc_html__( 'Since', 'wp-dynamodb' ),
		esc_html__( 'Until', 'wp-dynamodb' ),
		esc_html__( 'Action', 'wp-dynamodb' )
	);
	foreach ( $all as $verifier => $session ) {
		show_login( (string) $verifier, $session, (string) $verifier === $mine );
	}
	if ( array() === $all ) {
		printf( '<tr><td colspan="5">%s</td></tr>', esc_html__( 'Nowhere.', 'wp-dynamodb' ) );
	}
	echo '</tbody></table>';

	// Not here: the profile is a form, and forms cannot lie in one another. Its buttons name it.
	add_action( is_admin() ? 'admin_footer' : 'wp_footer', static fn () => show_end_login_form( $user->ID ) );
}

/**
 * Prints the form that the buttons send.
 *
 * @param int $user_id Whose sessions they end.
 */
function show_end_login_form( int $user_id ): void {
	printf(
		'<form id="wp-dynamodb-end-login" method="post" action="%s"><input type="hidden" name="action" value="wp_dynamodb_end_login"><input type="hidden" name="user" value="%d">',
		esc_url( admin_url( 'admin-post.php' ) ),
		(int) $user_id
	);
	// The profile has an element with the id of WordPress's own.
	wp_nonce_field( "wp_dynamodb_end_login_{$user_id}", 'wp_dynamodb_nonce', false );
	echo '</form>';
}

/**
 * Prints one session's row.
 *
 * @param string               $verifier Its verifier.
 * @param array<string, mixed> $session  The session.
 * @param bool                 $is_this  It is the one that asks.
 */
function show_login( string $verifier, array $session, bool $is_this ): void {
	$device = device_name( (string) ( $session['ua'] ?? '' ) );
	$since  = login_time( (int) ( $session['login'] ?? 0 ) );

	printf(
		'<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>',
		esc_html( $device ),
		esc_html( (string) ( $session['ip'] ?? '' ) ),
		esc_html( $since ),
		esc_html( login_time( (int) ( $session['expiration'] ?? 0 ) ) )
	);
	if ( $is_this ) {
		echo esc_html__( 'This session', 'wp-dynamodb' );
	} else {
		printf(
			'<button type="submit" class="button" form="wp-dynamodb-end-login" name="session" value="%s" aria-label="%s">%s</button>',
			esc_attr( $verifier ),
			/* translators: 1: name of a device, 2: date and time of the login. */
			esc_attr( sprintf( __( 'Log out %1$s, logged in %2$s', 'wp-dynamodb' ), $device, $since ) ),
			esc_html__( 'Log out', 'wp-dynamodb' )
		);
	}
	echo '</td></tr>';
}

/**
 * A time as the site shows times.
 *
 * @param int $time Unix time; 0: unknown.
 */
function login_time( int $time ): string {
	return 0 === $time ? __( 'unknown', 'wp-dynamodb' ) : (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $time );
}

/**
 * Browser and system of a user agent, as far as people care.
 *
 * @param string $agent The header.
 */
function device_name( string $agent ): string {
	$find    = static function ( array $names ) use ( $agent ): string {
		foreach ( $names as $mark => $name ) {
			if ( str_contains( $agent, $mark ) ) {
				return $name;
			}
		}
		return '';
	};
	$browser = $find(
		array(
			'Edg'      => 'Edge',
			'OPR'      => 'Opera',
			'Firefox/' => 'Firefox',
			'Chrome/'  => 'Chrome',
			'Safari/'  => 'Safari',
			'curl/'    => 'curl',
		)
	);
	$system  = $find(
		array(
			'iPhone'   => 'iPhone',
			'iPad'     => 'iPad',
			'Android'  => 'Android',
			'Windows'  => 'Windows',
			'Mac OS X' => 'macOS',
			'Linux'    => 'Linux',
		)
	);
	if ( '' === $browser . $system ) {
		return '' === $agent ? __( 'unknown', 'wp-dynamodb' ) : mb_substr( $agent, 0, 60 );
	}

	return trim( "{$browser} {$system}" );
}

/**
 * What to say of a logout that nobody took.
 */
function lost_logout_text(): string {
	return __( 'Nothing has ended: neither DynamoDB nor the database takes changes at the moment. Log out again later.', 'wp-dynamodb' );
}

/**
 * Ends one session, for its button. Its verifier comes in the body alone: addresses stand in logs.
 */
function end_login(): void {
	$user_id = is_scalar( $_POST['user'] ?? null ) ? absint( $_POST['user'] ) : 0;
	check_admin_referer( "wp_dynamodb_end_login_{$user_id}", 'wp_dynamodb_nonce' );
	$verifier = is_string( $_POST['session'] ?? null ) ? sanitize_key( wp_unslash( $_POST['session'] ) ) : '';
	if ( ! has_logins() || ! current_user_can( 'edit_user', $user_id ) || 1 !== preg_match( '/^[0-9a-f]{64}$/D', $verifier ) ) {
		wp_die( esc_html__( 'You are not allowed to do this.', 'wp-dynamodb' ), '', array( 'response' => 403 ) );
	}

	$holds = Logins::of( $user_id )->end( array( $verifier ) );

	$page = self_admin_url( get_current_user_id() === $user_id ? 'profile.php' : "user-edit.php?user_id={$user_id}" );
	wp_safe_redirect( ( $holds ? $page : add_query_arg( 'wp_dynamodb_lost', '1', $page ) ) . '#wp-dynamodb-logins' );
	exit;
}
