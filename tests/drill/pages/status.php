<?php
/**
 * What this host knows of its Regions. Served by the small pool: it answers while all workers of the site wait for a dead Region.
 */

header( 'Content-Type: application/json' );
try {
	echo json_encode( wp_dynamodb_status(), JSON_PARTIAL_OUTPUT_ON_ERROR );
} catch ( WpDynamoDb\Exception $problem ) {
	http_response_code( 500 );
	echo json_encode( array( 'error' => $problem->getMessage() ) );
}
