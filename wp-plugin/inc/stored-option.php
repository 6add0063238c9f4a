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
 * Stores an option. On a single site it stays one that is loaded with all others, which update_site_option() would undo.
 *
 * @param string $name  The option.
 * @param mixed  $value Its value.
 */
function store_option( string $name, mixed $value ): bool {
	return is_multisite() ? update_site_option( $name, $value ) : update_option( $name, $value, true );
}

/**
 * Stores an option in every network: what concerns users concerns all of them, since they share their users.
 *
 * @param string $name  The option.
 * @param mixed  $value Its value.
 */
function store_option_everywhere( string $name, mixed $value ): void {
	if ( ! is_multisite() ) {
		store_option( $name, $value );
		return;
	}
	foreach ( get_networks( array( 'fields' => 'ids' ) ) as $network ) {
		update_network_option( (int) $network, $name, $value );
	}
}

/**
 * Reads all options of the plugin into WordPress's cache, as wp_load_core_site_options() does with WordPress's own. What WordPress will ask
 * for on this page by queries of their own comes with them, so a page has no query more than without the plugin.
 *
 * @param int $network The network.
 */
function read_network_options( int $network ): void {
	global $wpdb;

	$own   = array( REGION_MAP_OPTION, SETTINGS_OPTION, SINCE_OPTION, DROPPED_OPTION, FOUND_OPTION );
	$names = array( ...$own, ...wordpress_asks_next() );
	$marks = implode( ', ', array_fill( 0, count( $names ), '%s' ) );
	// phpcs:disable WordPress.DB -- there is no function for it before WordPress 6.6; the marks are placeholders.
	$found = $wpdb->get_results( $wpdb->prepare( "SELECT meta_key, meta_value FROM {$wpdb->sitemeta} WHERE meta_key IN ({$marks}) AND site_id = %d", ...array( ...$names, $network ) ) );
	// phpcs:enable
	if ( '' !== $wpdb->last_error ) {
		return;
	}

	$missing = array_fill_keys( $names, true );
	foreach ( $found as $row ) {
		wp_cache_set( "{$network}:{$row->meta_key}", maybe_unserialize( $row->meta_value ), 'site-options' );
		unset( $missing[ $row->meta_key ] );
	}
	$known = wp_cache_get( "{$network}:notoptions", 'site-options' );
	wp_cache_set( "{$network}:notoptions", array_merge( is_array( $known ) ? $known : array(), $missing ), 'site-options' );
}

/**
 * The network's options that WordPress reads one by one on an ordinary page: up to 6.3 whether scripts can be compressed and which
 * files may be uploaded, since 6.4 the list of the theme's patterns. A wrong guess costs nothing: WordPress asks for it itself.
 *
 * @return list<string>
 */
function wordpress_asks_next(): array {
	$names = array( 'can_compress_scripts', 'upload_filetypes' );
	foreach ( array_unique( array( get_option( 'stylesheet' ), get_option( 'template' ) ) ) as $theme ) {
		// As WP_Theme names it: by the theme's folder.
		$patterns = 'wp_theme_files_patterns-' . md5( WP_CONTENT_DIR . "/themes/{$theme}" );
		array_push( $names, "_site_transient_{$patterns}", "_site_transient_timeout_{$patterns}" );
	}

	return $names;
}
