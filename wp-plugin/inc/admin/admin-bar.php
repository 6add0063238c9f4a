<?php
/**
 * The state in the admin bar, for those who may see the settings page.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * On `admin_bar_menu`.
 *
 * @param \WP_Admin_Bar $bar The bar.
 */
function add_to_admin_bar( \WP_Admin_Bar $bar ): void {
	if ( true !== setting( 'admin_bar' ) || ! may_manage() ) {
		return;
	}
	$state = state();
	$level = state_level( $state );
	$marks = array(
		'ok'       => '✓',
		'warning'  => '!',
		'critical' => '✗',
	);
	$words = array(
		'ok'       => __( 'all is well', 'wp-dynamodb' ),
		'warning'  => __( 'somebody should look', 'wp-dynamodb' ),
		'critical' => __( 'sessions are not safe', 'wp-dynamodb' ),
	);
	$where = $state['status']['route'] ?? __( 'no extension', 'wp-dynamodb' );
	$bar->add_node(
		array(
			'id'     => 'wp-dynamodb',
			'parent' => 'top-secondary',
			'title'  => sprintf( '<span aria-hidden="true">%s</span> %s <span class="screen-reader-text">(%s)</span>', esc_html( $marks[ $level ] ), esc_html( $where ), esc_html( $words[ $level ] ) ),
			'href'   => page_url(),
			/* translators: %s: the state in words. */
			'meta'   => array( 'title' => sprintf( __( 'WP DynamoDB: %s', 'wp-dynamodb' ), $words[ $level ] ) ),
		)
	);
}
