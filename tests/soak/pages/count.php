<?php
/** A page that adds one to a number in its session; `look`: it leaves the session as it is. */

$begin   = hrtime( true );
$started = session_start();
$took    = ( hrtime( true ) - $begin ) / 1e6;
if ( $started && ! isset( $_GET['look'] ) ) {
	$_SESSION['n'] = ( $_SESSION['n'] ?? 0 ) + 1;
}
header( 'Content-Type: application/json' );
echo json_encode(
	array(
		'started' => $started && session_write_close(),
		'n'       => $_SESSION['n'] ?? 0,
		'waited'  => $took,
		'pid'     => getmypid(),
	)
);
