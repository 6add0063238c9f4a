<?php
/**
 * The plugin's options: the network's on multisite. A single site's are loaded with all others (lifecycle.php); those of a network
 * WordPress reads one by one, so all of the plugin's are read by one query.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * An option; empty when it is not there.
 *
 * @param string $name SETTINGS_OPTION or REGION_MAP_OPTION.
 */
function stored_option( string $name ): mixed {
	static $networks = array();

	$network = is_multisite() ? get_current_network_id() : 0;
	if ( $network > 0 && ! isset( $networks[ $network ] ) && ! wp_using_ext_object_cache() ) {
		$networks[ $network ] = true;
		read_network_options( $network );
	}

	return get_site_option( $name, array() );
}

/**
 * Reads all options of the plugin into WordPress's cache, as wp_load_core_site_options() does with WordPress's own.
 *
 * @param int $network The network.
 */
function read_network_options( int $network ): void {
	global $wpdb;

	$names = array( REGION_MAP_OPTION, SETTINGS_OPTION, SINCE_OPTION, DROPPED_OPTION, FOUND_OPTION );
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- there is no function for it before WordPress 6.6.
	$rows = $wpdb->get_results( $wpdb->prepare( "SELECT meta_key, meta_value FROM {$wpdb->sitemeta} WHERE meta_key IN (%s, %s, %s, %s, %s) AND site_id = %d", ...array( ...$names, $network ) ) );
	foreach ( $rows as $row ) {
		wp_cache_set( "{$network}:{$row->meta_key}", maybe_unserialize( $row->meta_value ), 'site-options' );
	}
}
