<?php
/**
 * What one worker thinks: asked straight over FastCGI, never through a web server. `?wait` (ms) keeps the worker
 * busy, so that requests at the same time meet different workers.
 */

usleep( 1000 * (int) ( $_GET['wait'] ?? 0 ) );
header( 'Content-Type: application/json' );
echo json_encode(
	array(
		'pid'    => getmypid(),
		'active' => wp_dynamodb_active_region(),
	) + ( isset( $_GET['status'] ) ? array( 'status' => wp_dynamodb_status() ) : array() )
	+ ( isset( $_GET['metrics'] ) ? array( 'metrics' => wp_dynamodb_metrics() ) : array() ),
	JSON_PARTIAL_OUTPUT_ON_ERROR
);
