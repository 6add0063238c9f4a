<?php
/**
 * Removes everything the plugin keeps: its options, its user meta and the must-use loader. Nobody is logged out by that: what
 * WordPress itself knows of login sessions stays. What is in DynamoDB expires by itself; what other hosts and users of this machine keep
 * in memory (/dev/shm/wp-dynamodb-database-*, 64 bytes each) goes at their next start.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

if ( defined( 'WP_DYNAMODB_DIR' ) && __DIR__ !== constant( 'WP_DYNAMODB_DIR' ) ) {
	// A second copy of the plugin is being deleted: all of that belongs to the one that is active.
	return;
}

require_once __DIR__ . '/inc/loader.php';
require_once __DIR__ . '/inc/healthz-answer.php';
require_once __DIR__ . '/inc/healthz-database.php';

/**
 * Removes the options: of every network, and of the site that stored some before it became one.
 */
function uninstall_options(): void {
	$names = array(
		'wp_dynamodb_region_map',
		'wp_dynamodb_settings',
		'wp_dynamodb_logins_dropped',
		'wp_dynamodb_logins_found',
		'wp_dynamodb_logins_since',
		'wp_dynamodb_logins_found',
		'_site_transient_wp_dynamodb_tables',
		'_site_transient_timeout_wp_dynamodb_tables',
	);

	// Where an object cache keeps it.
	delete_site_transient( 'wp_dynamodb_tables' );
	foreach ( is_multisite() ? get_networks( array( 'fields' => 'ids' ) ) : array( null ) as $network ) {
		foreach ( $names as $name ) {
			delete_network_option( $network, $name );
			if ( null !== $network ) {
				delete_blog_option( get_main_site_id( $network ), $name );
			}
		}
	}
}

/**
 * Removes the user meta, which is one table for all sites, and the plugin's marks from the sessions that WordPress keeps there.
 */
function uninstall_user_meta(): void {
	global $wpdb;

	delete_metadata( 'user', 0, '_wp_dynamodb_pending_logouts', '', true );
	delete_metadata( 'user', 0, 'wp_dynamodb_dismissed_notices', '', true );

	$marks   = array_fill_keys( array( 'wp_dynamodb_created', 'wp_dynamodb_only_here' ), 0 );
	$without = static fn ( mixed $session ): mixed => is_array( $session ) ? array_diff_key( $session, $marks ) : $session;
	$last    = 0;
	do {
		// phpcs:disable WordPress.DB.DirectDatabaseQuery -- of all users who have such sessions, and nobody else.
		$rows = $wpdb->get_results(
			$wpdb->prepare(
				"SELECT umeta_id, user_id, meta_value FROM {$wpdb->usermeta} WHERE meta_key = 'session_tokens' AND umeta_id > %d AND meta_value LIKE %s ORDER BY umeta_id LIMIT 500",
				$last,
				'%' . $wpdb->esc_like( 'wp_dynamodb_' ) . '%'
			)
		);
		foreach ( $rows as $row ) {
			$last     = (int) $row->umeta_id;
			$sessions = maybe_unserialize( $row->meta_value );
			if ( is_array( $sessions ) ) {
				$sessions = array_map( $without, $sessions );
				// Only if nobody has logged in or out since it was read.
				$wpdb->update( $wpdb->usermeta, array( 'meta_value' => maybe_serialize( $sessions ) ), (array) $row );
				wp_cache_delete( (int) $row->user_id, 'user_meta' );
			}
		}
		// phpcs:enable
	} while ( array() !== $rows );
}

/**
 * Removes what health checks have found out of this site's database, on this host.
 */
function uninstall_answers(): void {
	foreach ( answer_files( database_answer() ) as $file ) {
		@unlink( $file ); // phpcs:ignore Generic.PHP.NoSilencedErrors, WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- most are not there, or may not be looked for.
	}
}

uninstall_options();
uninstall_user_meta();
uninstall_answers();
remove_loader();
