<?php
/**
 * Plugin Name: WP DynamoDB loader
 * Description: Loads the early part of WP DynamoDB before other plugins. Installed and removed by WP DynamoDB; does nothing while that is not active.
 * Version:     0.1.0
 * License:     GPL-2.0-or-later
 *
 * Lives in wp-content/mu-plugins/. Must never break a site whose plugin folder was renamed, replaced
 * or deleted: it looks the folder up in the list of active plugins and goes on without it.
 *
 * @package WP_DynamoDB
 */

defined( 'ABSPATH' ) || exit;

// The version of this copy; the plugin replaces a copy that differs from its own.
define( 'WP_DYNAMODB_LOADER_VERSION', '0.1.0' );

( static function () {
	// As WordPress itself: no plugins while it is being installed; tables may not exist.
	if ( wp_installing() || PHP_VERSION_ID < 80100 ) {
		return;
	}

	$active = (array) get_option( 'active_plugins', array() );
	if ( is_multisite() ) {
		$active = array_merge( array_keys( (array) get_site_option( 'active_sitewide_plugins', array() ) ), $active );
	}

	foreach ( $active as $plugin ) {
		if ( ! is_string( $plugin ) || 'wp-dynamodb.php' !== basename( $plugin ) || 0 !== validate_file( $plugin ) ) {
			continue;
		}

		$early = WP_PLUGIN_DIR . '/' . dirname( $plugin ) . '/inc/early.php';
		if ( is_readable( $early ) ) {
			require_once $early;
			return;
		}
	}
} )();
