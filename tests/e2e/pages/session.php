<?php
/**
 * One session page for the tests: does what is asked and tells what happened, as JSON.
 *
 *   do      none (no session at all) | read (default) | count (one more) | add (a number to the list) | put (replace the data by `text`) | noise (replace the data by 5 MB that grow
 *           from `seed`) | fresh (store nothing) | abort | destroy | renew (a new id)
 *   glance  1: session_start() with read_and_close
 *   strict  1: session.use_strict_mode
 *   boot    milliseconds before session_start()
 *   id      a session id that the page sets itself
 *   wait    milliseconds between session_start() and the change
 *   again   1: after the change the session is started once more
 *   finish  milliseconds: the response ends before the page does, which goes on for so long
 *   until   a Region: the change waits for it to be the active one, at most 10 s
 */

$warnings = array();
set_error_handler(
	static function ( int $level, string $message ) use ( &$warnings ): bool {
		$warnings[] = $message;
		return true;
	}
);
// Headers must still be open when session_start() wants to send a cookie.
ob_start();
ini_set( 'session.use_strict_mode', $_GET['strict'] ?? '0' );

usleep( 1000 * (int) ( $_GET['boot'] ?? 0 ) );
if ( isset( $_GET['id'] ) ) {
	session_id( $_GET['id'] );
}
$begin   = hrtime( true );
$started = 'none' !== ( $_GET['do'] ?? '' ) && session_start( isset( $_GET['glance'] ) ? array( 'read_and_close' => true ) : array() );
$took    = ( hrtime( true ) - $begin ) / 1e6;
$found   = $_SESSION ?? null;

usleep( 1000 * (int) ( $_GET['wait'] ?? 0 ) );
if ( isset( $_GET['until'] ) ) {
	for ( $tries = 0; $tries < 1000 && wp_dynamodb_active_region() !== $_GET['until']; $tries++ ) {
		usleep( 10000 );
	}
}

$id = session_id();
switch ( $_GET['do'] ?? 'read' ) {
	case 'add':
		$_SESSION['list'][] = count( $_SESSION['list'] ?? array() ) + 1;
		break;
	case 'count':
		$_SESSION['n'] = ( $_SESSION['n'] ?? 0 ) + 1;
		break;
	case 'put':
		$_SESSION['text'] = $_GET['text'];
		break;
	case 'noise':
		$noise = '';
		for ( $n = 0; $n < 78125; $n++ ) {
			$noise .= hash( 'sha512', "{$_GET['seed']} $n", true );
		}
		$_SESSION = array( 'noise' => $noise );
		break;
	case 'abort':
		session_abort();
		break;
	case 'renew':
		session_regenerate_id( true );
		break;
	case 'destroy':
		$destroyed = session_destroy();
		break;
}

$begin = hrtime( true );
$saved = PHP_SESSION_ACTIVE === session_status() ? session_write_close() : $destroyed ?? null;

$took_to_close = ( hrtime( true ) - $begin ) / 1e6;
if ( isset( $_GET['again'] ) ) {
	session_start();
	$again = $_SESSION;
	session_abort();
}

// Five megabytes are told by their checksum: what the page left, else what it found.
$checksum = md5( $_SESSION['noise'] ?? $found['noise'] ?? '' );
if ( isset( $_SESSION['noise'] ) || isset( $found['noise'] ) ) {
	$found    = null;
	$_SESSION = null;
}

header( 'Content-Type: application/json' );
echo json_encode(
	array(
		'started'  => $started,
		'start_ms' => $took,
		'close_ms' => $took_to_close,
		'saved'    => $saved,
		'id'       => $id,
		'found'    => $found,
		'checksum' => $checksum,
		'again'    => $again ?? null,
		'left'     => $_SESSION ?? null,
		'pid'      => getmypid(),
		'region'   => wp_dynamodb_active_region(),
		'warnings' => $warnings,
	),
	JSON_PARTIAL_OUTPUT_ON_ERROR
);
if ( isset( $_GET['finish'] ) ) {
	fastcgi_finish_request();
	usleep( 1000 * (int) $_GET['finish'] );
}
