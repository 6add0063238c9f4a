<?php
/**
 * A worker of a queue, as sites run them for hours: takes a line, does it, answers with a line of JSON.
 *
 *   count ID TIMES          a session counts, each time opened and stored anew
 *   fork CHILDREN ID TIMES  so many children count, each in a session of its own (ID-0, ID-1, …), and the parent waits for them
 */

ini_set( 'session.use_cookies', '0' );
ini_set( 'session.cache_limiter', '' );
$warnings = array();
set_error_handler(
	static function ( int $level, string $message ) use ( &$warnings ): bool {
		$warnings[] = $message;
		return true;
	}
);

function count_up( string $id, int $times ): int {
	for ( $time = 0; $time < $times; $time++ ) {
		session_id( $id );
		if ( ! session_start() ) {
			return -1;
		}
		$n = $_SESSION['n'] = ( $_SESSION['n'] ?? 0 ) + 1;
		if ( ! session_write_close() ) {
			return -2;
		}
	}
	return $n;
}

while ( false !== ( $line = fgets( STDIN ) ) ) {
	$words    = explode( ' ', trim( $line ) );
	$warnings = array();
	$answer   = array();
	if ( 'count' === $words[0] ) {
		$answer['n'] = count_up( $words[1], (int) $words[2] );
	} else {
		$children = array();
		for ( $child = 0; $child < (int) $words[1]; $child++ ) {
			$pid = pcntl_fork();
			if ( 0 === $pid ) {
				exit( count_up( "{$words[2]}-$child", (int) $words[3] ) === (int) $words[3] && array() === $warnings ? 0 : 1 );
			}
			$children[] = $pid;
		}
		$answer['exits'] = array();
		foreach ( $children as $pid ) {
			pcntl_waitpid( $pid, $status );
			$answer['exits'][] = pcntl_wifexited( $status ) ? pcntl_wexitstatus( $status ) : 'signal ' . pcntl_wtermsig( $status );
		}
	}
	echo json_encode( $answer + array( 'region' => wp_dynamodb_active_region(), 'warnings' => $warnings ) ), "\n";
}
