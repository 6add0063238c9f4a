<?php
/**
 * Removes everything the plugin keeps: its option, its user meta and the must-use loader.
 * Sessions in DynamoDB are the extension's, expire by themselves and stay.
 *
 * @package WP_DynamoDB
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/inc/loader.php';

// The network's on multisite. User meta is one table for all sites.
delete_site_option( 'wp_dynamodb_region_map' );
delete_metadata( 'user', 0, 'wp_dynamodb_dismissed_notices', '', true );

WP_DynamoDB\remove_loader();
