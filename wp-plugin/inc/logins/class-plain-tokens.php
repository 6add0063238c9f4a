<?php
/**
 * WordPress's own store of login sessions, for as long as they are not kept in DynamoDB.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * The same as WordPress's, but for a note of what ends many sessions at once: DynamoDB may have some that user meta never had, and
 * they must not come back when login sessions are kept there again.
 */
final class Plain_Tokens extends \WP_User_Meta_Session_Tokens {

	/**
	 * Ends all sessions but one.
	 *
	 * @param string $verifier That one's.
	 */
	protected function destroy_other_sessions( $verifier ) {
		$this->note( array( (string) $verifier ) );
		parent::destroy_other_sessions( $verifier );
	}

	/**
	 * Ends all sessions.
	 */
	protected function destroy_all_sessions() {
		$this->note( array() );
		parent::destroy_all_sessions();
	}

	/**
	 * Ends all sessions of all users.
	 */
	public static function drop_sessions() {
		store_option_everywhere( DROPPED_OPTION, (int) ( 1000 * microtime( true ) ) );
		parent::drop_sessions();
	}

	/**
	 * Remembers that all sessions that began until now have ended.
	 *
	 * @param list<string> $keep But for these.
	 */
	private function note( array $keep ): void {
		if ( $this->user_id > 0 ) {
			remember_logouts( (int) $this->user_id, array(), (int) ( 1000 * microtime( true ) ), $keep );
		}
	}
}
