<?php
/**
 * Plugin Name: Reader
 *
 * Loads before WP DynamoDB (plugins load in the order of the option) and notes the constants it finds.
 */

$GLOBALS['seen_by_reader'] = array_intersect_key(
	get_defined_constants(),
	array_flip( array( 'WP_DYNAMODB_ACTIVE_REGION', 'WP_DYNAMODB_ENDPOINT', 'MY_DYNAMODB_ENDPOINT', 'S3_UPLOADS_BUCKET' ) )
);
