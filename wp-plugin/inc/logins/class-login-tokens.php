<?php
/**
 * What WordPress asks for login sessions.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * WordPress's contract (class-wp-session-tokens.php), answered by Logins.
 */
final class Login_Tokens extends \WP_Session_Tokens {

	/**
	 * All sessions of the user, by verifier.
	 *
	 * @return array<string, array<string, mixed>>
	 */
	protected function get_sessions() {
		return Logins::of( (int) $this->user_id )->all();
	}

	/**
	 * One session.
	 *
	 * @param string $verifier Its verifier.
	 * @return array<string, mixed>|null
	 */
	protected function get_session( $verifier ) {
		return Logins::of( (int) $this->user_id )->get( (string) $verifier );
	}

	/**
	 * Stores a session, or ends it.
	 *
	 * @param string                    $verifier Its verifier.
	 * @param array<string, mixed>|null $session  The session; null ends it.
	 */
	protected function update_session( $verifier, $session = null ) {
		if ( $session ) {
			Logins::of( (int) $this->user_id )->set( (string) $verifier, $session );
		} else {
			Logins::of( (int) $this->user_id )->end( array( (string) $verifier ) );
		}
	}

	/**
	 * Ends all sessions but one.
	 *
	 * @param string $verifier That one's.
	 */
	protected function destroy_other_sessions( $verifier ) {
		$this->end_all_but( array( (string) $verifier ) );
	}

	/**
	 * Ends all sessions.
	 */
	protected function destroy_all_sessions() {
		$this->end_all_but( array() );
	}

	/**
	 * Ends all sessions but for some.
	 *
	 * @param list<string> $keep Verifiers of those that stay.
	 */
	private function end_all_but( array $keep ): void {
		$ended = Logins::of( (int) $this->user_id )->end_all_but( $keep );
		// The profile's button says that it did whatever happened, unless somebody answers before it.
		if ( ! $ended['holds'] && doing_action( 'wp_ajax_destroy-sessions' ) ) {
			wp_send_json_error( array( 'message' => lost_logout_text() ) );
		}
	}

	/**
	 * Ends all sessions of all users.
	 */
	public static function drop_sessions() {
		global $wpdb;

		$moment = (int) ( 1000 * microtime( true ) );
		$shown  = $wpdb->suppress_errors( true );
		try {
			store_option_everywhere( DROPPED_OPTION, $moment );
			delete_metadata( 'user', 0, 'session_tokens', false, true );
		} finally {
			$wpdb->suppress_errors( $shown );
		}
		Logins::forget();
		if ( (int) get_site_option( DROPPED_OPTION, 0 ) !== $moment ) {
			log_logins( 'a logout of all users is lost: the database does not take it; do it where the database can be written' );
		}
	}
}
