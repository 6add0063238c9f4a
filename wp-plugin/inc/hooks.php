<?php
/**
 * Every hook of the plugin.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/loader.php';
require_once __DIR__ . '/lifecycle.php';
require_once __DIR__ . '/messages.php';
require_once __DIR__ . '/notices.php';
require_once __DIR__ . '/media.php';
require_once __DIR__ . '/logins/class-logins.php';
require_once __DIR__ . '/logins/class-login-tokens.php';
require_once __DIR__ . '/logins/class-plain-tokens.php';
require_once __DIR__ . '/logins/manager.php';
require_once __DIR__ . '/logins/profile.php';
require_once __DIR__ . '/logins/privacy.php';
require_once __DIR__ . '/admin/state.php';
require_once __DIR__ . '/admin/tables.php';
require_once __DIR__ . '/admin/guide.php';
require_once __DIR__ . '/admin/plot.php';
require_once __DIR__ . '/admin/panel.php';
require_once __DIR__ . '/admin/forms.php';
require_once __DIR__ . '/admin/page.php';
require_once __DIR__ . '/admin/rest.php';
require_once __DIR__ . '/admin/site-health.php';
require_once __DIR__ . '/admin/admin-bar.php';

register_activation_hook( WP_DYNAMODB_DIR . '/wp-dynamodb.php', __NAMESPACE__ . '\\activate' );
register_deactivation_hook( WP_DYNAMODB_DIR . '/wp-dynamodb.php', __NAMESPACE__ . '\\deactivate' );

add_action( 'init', __NAMESPACE__ . '\\load_translations' );

// Logins.
add_filter( 'session_token_manager', __NAMESPACE__ . '\\login_manager' );
add_filter( 'login_url', __NAMESPACE__ . '\\keep_cookie' );
add_filter( 'wp_login_errors', __NAMESPACE__ . '\\explain_outage' );
add_action( 'update_user_meta', __NAMESPACE__ . '\\note_logouts', 10, 4 );
add_action( 'delete_user_meta', __NAMESPACE__ . '\\note_logouts', 10, 4 );
add_action( 'user_register', __NAMESPACE__ . '\\end_former_user' );
add_action( 'delete_user', __NAMESPACE__ . '\\end_deleted_user' );
add_action( 'wpmu_delete_user', __NAMESPACE__ . '\\end_deleted_user' );
add_action( 'show_user_profile', __NAMESPACE__ . '\\show_logins' );
add_action( 'edit_user_profile', __NAMESPACE__ . '\\show_logins' );
add_action( 'admin_post_wp_dynamodb_end_login', __NAMESPACE__ . '\\end_login' );
add_filter( 'wp_privacy_personal_data_exporters', __NAMESPACE__ . '\\add_exporter' );
add_filter( 'wp_privacy_personal_data_erasers', __NAMESPACE__ . '\\add_eraser' );

// Media plugins.
add_filter( 's3_uploads_bucket_url', __NAMESPACE__ . '\\s3_uploads_url' );
add_filter( 'as3cf_setting_bucket', __NAMESPACE__ . '\\offload_setting' );
add_filter( 'as3cf_setting_region', __NAMESPACE__ . '\\offload_setting' );

// For those who look after the site.
add_action( 'admin_init', __NAMESPACE__ . '\\update_loader' );
add_action( 'admin_init', __NAMESPACE__ . '\\register_settings' );
add_action( 'admin_menu', __NAMESPACE__ . '\\add_page' );
add_action( 'network_admin_menu', __NAMESPACE__ . '\\add_page' );
add_action( 'network_admin_edit_wp_dynamodb', __NAMESPACE__ . '\\save_network_settings' );
add_action( 'admin_enqueue_scripts', __NAMESPACE__ . '\\enqueue_page' );
add_filter( 'plugin_action_links_' . plugin_basename( WP_DYNAMODB_DIR . '/wp-dynamodb.php' ), __NAMESPACE__ . '\\add_page_link' );
add_filter( 'network_admin_plugin_action_links_' . plugin_basename( WP_DYNAMODB_DIR . '/wp-dynamodb.php' ), __NAMESPACE__ . '\\add_page_link' );
add_action( 'admin_notices', __NAMESPACE__ . '\\show_notices' );
add_action( 'network_admin_notices', __NAMESPACE__ . '\\show_notices' );
add_action( 'admin_post_wp_dynamodb_dismiss', __NAMESPACE__ . '\\dismiss_notice' );
add_action( 'admin_bar_menu', __NAMESPACE__ . '\\add_to_admin_bar', 90 );
add_action( 'rest_api_init', __NAMESPACE__ . '\\register_routes' );
add_filter( 'site_status_tests', __NAMESPACE__ . '\\add_health_tests' );
add_filter( 'debug_information', __NAMESPACE__ . '\\add_debug_information' );

if ( defined( 'WP_CLI' ) && constant( 'WP_CLI' ) && class_exists( '\WP_CLI' ) ) {
	require_once __DIR__ . '/class-cli.php';
	\WP_CLI::add_command( 'dynamodb', CLI::class );
}
