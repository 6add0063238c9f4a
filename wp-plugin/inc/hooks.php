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

register_activation_hook( WP_DYNAMODB_DIR . '/wp-dynamodb.php', __NAMESPACE__ . '\\activate' );
register_deactivation_hook( WP_DYNAMODB_DIR . '/wp-dynamodb.php', __NAMESPACE__ . '\\deactivate' );

add_action( 'init', __NAMESPACE__ . '\\load_translations' );
add_action( 'admin_init', __NAMESPACE__ . '\\update_loader' );
add_action( 'admin_notices', __NAMESPACE__ . '\\show_notices' );
add_action( 'network_admin_notices', __NAMESPACE__ . '\\show_notices' );
add_action( 'admin_post_wp_dynamodb_dismiss', __NAMESPACE__ . '\\dismiss_notice' );
