<?php
/**
 * Starting and closing the PHP session without letting a failure reach the page.
 *
 * @package WP_DynamoDB_Demo_Cart
 */

namespace WP_DynamoDB_Demo_Cart;

defined( 'ABSPATH' ) || exit;

/**
 * Starts the session.
 *
 * @param bool         $read_only Read and close at once: never writes.
 * @param list<string> $warned    Receives the warnings.
 * @return bool False when the session store did not answer; the cookie stays as it is.
 */
function start_session( bool $read_only, array &$warned ): bool {
	$options = array(
		'cookie_httponly' => true,
		'cookie_secure'   => is_ssl(),
		'cookie_samesite' => 'Lax',
		'read_and_close'  => $read_only,
	);

	return log_warnings( static fn (): bool => session_start( $options ), $warned );
}

/**
 * Writes and closes the session.
 *
 * @param list<string> $warned Receives the warnings.
 * @return bool Whether it went without a warning: PHP itself returns true for a failed write.
 */
function close_session( array &$warned ): bool {
	$before = count( $warned );
	if ( PHP_SESSION_ACTIVE === session_status() ) {
		log_warnings( 'session_write_close', $warned );
	}

	return count( $warned ) === $before;
}

/**
 * Runs something with its warnings sent to PHP's log, not into the answer.
 *
 * @param callable(): bool $run    What to run.
 * @param list<string>     $warned Receives the warnings.
 */
function log_warnings( callable $run, array &$warned ): bool {
	set_error_handler(
		static function ( int $level, string $message, string $file, int $line ) use ( &$warned ): bool {
			$warned[] = $message;
			error_log( "PHP Warning:  {$message} in {$file} on line {$line}" );

			return true;
		},
		E_WARNING
	);

	try {
		return $run();
	} finally {
		restore_error_handler();
	}
}
