<?php
/**
 * Removes everything the plugin keeps: its options, its user meta and the must-use loader.
 * What is in DynamoDB expires by itself and stays.
 *
 * @package WP_DynamoDB
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/inc/loader.php';

// The network's on multisite. User meta is one table for all sites.
foreach ( array( 'wp_dynamodb_region_map', 'wp_dynamodb_settings', 'wp_dynamodb_logins_dropped', 'wp_dynamodb_logins_since' ) as $wp_dynamodb_option ) {
	delete_site_option( $wp_dynamodb_option );
}
delete_site_transient( 'wp_dynamodb_tables' );
delete_metadata( 'user', 0, '_wp_dynamodb_pending_logouts', '', true );
delete_metadata( 'user', 0, 'wp_dynamodb_dismissed_notices', '', true );

WP_DynamoDB\remove_loader();
