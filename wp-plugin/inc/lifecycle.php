<?php
/**
 * Activation, deactivation, translations.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * On activation.
 */
function activate(): void {
	// Present though empty, and autoloaded: otherwise each would cost a query on every page.
	$options = array(
		REGION_MAP_OPTION => array(),
		SETTINGS_OPTION   => array(),
		DROPPED_OPTION    => 0,
		SINCE_OPTION      => 0,
		FOUND_OPTION      => '',
	);
	foreach ( $options as $name => $value ) {
		if ( is_multisite() ) {
			add_site_option( $name, $value );
		} else {
			add_option( $name, $value, '', true );
		}
	}

	store_option( SINCE_OPTION, (int) ( 1000 * microtime( true ) ) );
	install_loader();
}

/**
 * On deactivation.
 *
 * @param bool $network_wide Whether the plugin is being deactivated for the whole network.
 */
function deactivate( bool $network_wide = false ): void {
	// A single site of a network leaves it in place for the others, a network for other networks; it does nothing for sites
	// where the plugin is not active.
	if ( ! is_multisite() || ( $network_wide && ! is_active_on_other_network() ) ) {
		remove_loader();
	}
}

/**
 * Whether the plugin is active on a network that is not the current one.
 */
function is_active_on_other_network(): bool {
	foreach ( get_networks( array( 'fields' => 'ids' ) ) as $network ) {
		$active = (array) get_network_option( (int) $network, 'active_sitewide_plugins', array() );
		if ( get_current_network_id() !== (int) $network && isset( $active[ plugin_basename( WP_DYNAMODB_DIR . '/wp-dynamodb.php' ) ] ) ) {
			return true;
		}
	}

	return false;
}

/**
 * Translations shipped in languages/; those of translate.wordpress.org WordPress finds by itself.
 */
function load_translations(): void {
	// phpcs:ignore PluginCheck.CodeAnalysis.DiscouragedFunctions -- WordPress before 6.8 does not find them by the header.
	load_plugin_textdomain( 'wp-dynamodb', false, dirname( plugin_basename( WP_DYNAMODB_DIR . '/wp-dynamodb.php' ) ) . '/languages' );
}
