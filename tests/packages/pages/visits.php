<?php
/**
 * Counts the visits of a session, and says what keeps it. `?kib` puts so much into it that does not pack.
 */

$started           = session_start();
$_SESSION['count'] = ( $_SESSION['count'] ?? 0 ) + 1;
if ( isset( $_GET['kib'] ) ) {
	$_SESSION['load'] = random_bytes( 1024 * (int) $_GET['kib'] );
}
$load = $_SESSION['load'] ?? '';
session_write_close();

header( 'Content-Type: application/json' );
echo json_encode(
	array(
		'started' => $started,
		'count'   => $_SESSION['count'],
		'load'    => '' === $load ? null : hash( 'sha256', $load ),
		'handler' => ini_get( 'session.save_handler' ),
		'loaded'  => extension_loaded( 'wp_dynamodb' ),
	)
);
