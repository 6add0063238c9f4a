<?php
/**
 * Admin notices: on the dashboard and the plugin list, for those who can act on them.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

const DISMISSED_META = 'wp_dynamodb_dismissed_notices';

/**
 * Whether the current user runs the site, or on multisite the network.
 */
function may_manage(): bool {
	return current_user_can( is_multisite() ? 'manage_network_options' : 'manage_options' );
}

/**
 * Prints the notices that apply.
 */
function show_notices(): void {
	$screen = get_current_screen();
	if ( ! may_manage() || ! $screen || ! in_array( $screen->id, array( 'dashboard', 'plugins', 'dashboard-network', 'plugins-network' ), true ) ) {
		return;
	}

	$report = define_constants();

	if ( ! has_extension() ) {
		show_extension_notice();
	} elseif ( '' !== $report['error'] ) {
		/* translators: %s: the extension's error message. */
		print_notice( 'error', sprintf( __( 'The wp_dynamodb extension could not name the active Region: %s', 'wp-dynamodb' ), $report['error'] ) );
	}

	if ( array() !== $report['map']['problems'] ) {
		print_notice(
			'warning',
			__( 'Parts of the Region map were left out:', 'wp-dynamodb' ),
			array_map( __NAMESPACE__ . '\\region_map_problem_text', $report['map']['problems'] )
		);
	}

	if ( array() !== $report['conflicts'] ) {
		print_notice(
			'warning',
			__( 'Some constants do not follow the active Region. Remove them from wp-config.php, or from the plugin that sets them, to let them follow it:', 'wp-dynamodb' ),
			array_map( __NAMESPACE__ . '\\conflict_text', array_keys( $report['conflicts'] ), $report['conflicts'] )
		);
	}

	if ( ! is_loader_current() && 'current' !== loader_state() ) {
		show_loader_notice();
	}
}

/**
 * The extension is missing; can be dismissed, for a site that gets it later.
 */
function show_extension_notice(): void {
	if ( in_array( 'extension', (array) get_user_meta( get_current_user_id(), DISMISSED_META, true ), true ) ) {
		return;
	}

	$url = wp_nonce_url( admin_url( 'admin-post.php?action=wp_dynamodb_dismiss&notice=extension' ), 'wp_dynamodb_dismiss_extension' );
	print_notice(
		'warning',
		__( 'The PHP extension wp_dynamodb is not loaded, so sessions are not kept in DynamoDB and /healthz answers FAIL.', 'wp-dynamodb' ),
		array(
			__( 'Install the extension on every host of the site, add extension=wp_dynamodb to php.ini and session.save_handler = dynamodb, and restart PHP.', 'wp-dynamodb' ),
			__( 'Until then the constants follow AWS_REGION or AWS_DEFAULT_REGION where the environment sets one; the site itself works as before.', 'wp-dynamodb' ),
		),
		sprintf( '<a href="%s">%s</a>', esc_url( $url ), esc_html__( 'Do not show this again', 'wp-dynamodb' ) )
	);
}

/**
 * The loader is missing, outdated or not ours, and could not be installed.
 */
function show_loader_notice(): void {
	if ( 'foreign' === loader_state() ) {
		/* translators: %s: path of a file. */
		$text = sprintf( __( 'The must-use loader was not installed: %s exists and belongs to something else. Move it away, then run:', 'wp-dynamodb' ), loader_target() );
	} else {
		$text = __( 'The must-use loader is missing or outdated and could not be written, so plugins that load first may miss the constants.', 'wp-dynamodb' )
			. ' ' . __( 'Run on every host, or when building its image:', 'wp-dynamodb' );
	}

	print_notice( 'warning', $text, array(), '<code>' . esc_html( loader_command() ) . '</code>' );
}

/**
 * Prints one notice.
 *
 * @param string       $level `error` or `warning`.
 * @param string       $text  Plain text.
 * @param list<string> $list  Plain texts.
 * @param string       $html  Escaped HTML for the last line.
 */
function print_notice( string $level, string $text, array $list = array(), string $html = '' ): void {
	printf( '<div class="notice notice-%s"><p><strong>WP DynamoDB:</strong> %s</p>', esc_attr( $level ), esc_html( $text ) );

	if ( array() !== $list ) {
		echo '<ul class="ul-disc">';
		foreach ( $list as $line ) {
			printf( '<li>%s</li>', esc_html( $line ) );
		}
		echo '</ul>';
	}
	if ( '' !== $html ) {
		echo '<p>' . wp_kses( $html, array( 'a' => array( 'href' => true ), 'code' => array() ) ) . '</p>';
	}

	echo '</div>';
}

/**
 * Remembers for the current user that a notice was dismissed.
 */
function dismiss_notice(): void {
	check_admin_referer( 'wp_dynamodb_dismiss_extension' );
	if ( ! may_manage() ) {
		wp_die( esc_html__( 'You are not allowed to do this.', 'wp-dynamodb' ), '', array( 'response' => 403 ) );
	}

	update_user_meta( get_current_user_id(), DISMISSED_META, array( 'extension' ) );

	$back = wp_get_referer();
	wp_safe_redirect( false === $back ? admin_url() : $back );
	exit;
}
