<?php
/**
 * The drills' session page: starts the session, tells what it found, changes it when asked to, and tells how that went, as JSON.
 *
 *   visitor  the number of the visitor, kept in the session: an answer with another one's content shows
 *   write    the number of this change; without it the session is only read
 *
 * Nothing here names the session's id: what the page answers goes into reports.
 */

const KEPT = 6;

$warnings = array();
set_error_handler(
	static function ( int $level, string $message ) use ( &$warnings ): bool {
		$warnings[] = $message;
		return true;
	}
);
// Headers must still be open when session_start() wants to send a cookie.
ob_start();
// A cookie whose session is gone gets a new id, which the visitor sees.
ini_set( 'session.use_strict_mode', '1' );

$started = session_start();
$found   = array(
	'owner'   => $_SESSION['owner'] ?? null,
	'changes' => $_SESSION['changes'] ?? array(),
);
if ( $started && isset( $_GET['write'] ) ) {
	$_SESSION['owner']   = (int) $_GET['visitor'];
	$_SESSION['changes'] = array_slice( array( ...$found['changes'], (int) $_GET['write'] ), -KEPT );
}
// PHP returns true for a failed write, too: a warning is how it shows.
$before = count( $warnings );
$saved  = $started && session_write_close() && count( $warnings ) === $before;

header( 'Content-Type: application/json' );
echo json_encode(
	array(
		'started'  => $started,
		'saved'    => $saved,
		'owner'    => $found['owner'],
		'changes'  => $found['changes'],
		'pid'      => getmypid(),
		'warnings' => $warnings,
	),
	JSON_PARTIAL_OUTPUT_ON_ERROR
);
