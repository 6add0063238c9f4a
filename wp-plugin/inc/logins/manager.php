<?php
/**
 * Puts Logins in the place of WordPress's own store, and keeps cookies alive in an outage.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * On `session_token_manager`: the class that WordPress shall use. Whoever has set another one keeps it.
 *
 * @param string $manager A class that extends WP_Session_Tokens.
 */
function login_manager( string $manager ): string {
	if ( 'WP_User_Meta_Session_Tokens' !== $manager ) {
		return $manager;
	}

	return has_logins() ? Login_Tokens::class : Plain_Tokens::class;
}

/**
 * On `login_url`: without `reauth`, which would clear the cookie, when nobody could tell whether it is good.
 *
 * @param string $url The address of the login page.
 */
function keep_cookie( string $url ): string {
	return Logins::is_inconclusive() ? remove_query_arg( 'reauth', $url ) : $url;
}

/**
 * On `wp_login_errors`: says why a logged-in user sees the login page.
 *
 * @param \WP_Error $errors What the page shows.
 */
function explain_outage( \WP_Error $errors ): \WP_Error {
	if ( Logins::is_inconclusive() ) {
		$errors->add(
			'wp_dynamodb_outage',
			__( 'It cannot be checked at the moment whether you are logged in. Your login is kept: try again in a few minutes, or log in anew.', 'wp-dynamodb' ),
			'message'
		);
	}

	return $errors;
}

/**
 * On `update_user_meta` and `delete_user_meta`, before they happen: while login sessions are not kept in DynamoDB, WordPress ends
 * them in user meta alone. Those that DynamoDB has must not come back when they are kept there again.
 *
 * @param mixed  $meta_id The rows.
 * @param int    $user_id The user; 0: all.
 * @param string $name    The meta key.
 * @param mixed  $value   What it is going to be; an array when there are sessions.
 */
function note_logouts( mixed $meta_id, int $user_id, string $name, mixed $value ): void {
	if ( 'session_tokens' !== $name || has_logins() ) {
		return;
	}
	if ( 0 === $user_id ) {
		store_option_everywhere( DROPPED_OPTION, (int) ( 1000 * microtime( true ) ) );
		return;
	}

	$before = get_user_meta( $user_id, $name, true );
	$ended  = array_filter(
		array_diff_key( is_array( $before ) ? $before : array(), is_array( $value ) ? $value : array() ),
		static fn ( mixed $session ): bool => isset( $session[ CREATED_KEY ] ) && (int) ( $session['expiration'] ?? 0 ) > time()
	);
	if ( array() !== $ended ) {
		remember_logouts( $user_id, array_map( 'strval', array_keys( $ended ) ) );
	}
}

/**
 * On `user_register`: somebody of the same name may have been here before, deleted while DynamoDB did not answer.
 *
 * @param int $user_id The user.
 */
function end_former_user( int $user_id ): void {
	if ( has_logins() ) {
		$logins = Logins::of( $user_id );
		if ( array() !== $logins->all() ) {
			$logins->end_all_but( array() );
		}
	}
}

/**
 * On `delete_user` and `wpmu_delete_user`: nothing of the user's logins stays behind but what ends them.
 *
 * @param int $user_id The user.
 */
function end_deleted_user( int $user_id ): void {
	if ( has_logins() && get_userdata( $user_id ) ) {
		Logins::of( $user_id )->end_all_but( array() );
	}
}
