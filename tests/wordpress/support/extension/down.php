<?php
// The extension while its Region's DynamoDB does not answer: takes all the time it was given.
// A prepended file that prints, warns and starts a session makes the health check's work harder.

echo "printed before\n";
session_start();
trigger_error( 'warned before', E_USER_WARNING );

function wp_dynamodb_health( int $timeout_ms = 1500 ): array {
	usleep( $timeout_ms * 1000 );
	trigger_error( 'warned within', E_USER_WARNING );
	return array( 'ok' => false, 'region' => "us-east-1\r\nX: y", 'latency_ms' => (float) $timeout_ms, 'error' => 'secret-table in 10.0.0.1', 'kind' => 'timeout' );
}
