<?php
/**
 * Plugin Name:       WP DynamoDB
 * Description:       Logins, constants and health checks of a site in two AWS Regions. Companion of the wp_dynamodb PHP extension, which keeps sessions in DynamoDB.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      8.1
 * Author:            The wp-dynamodb contributors
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       wp-dynamodb
 * Domain Path:       /languages
 * Network:           true
 *
 * This file only boots; every hook is listed in inc/hooks.php.
 *
 * @package WP_DynamoDB
 */

defined( 'ABSPATH' ) || exit;

// The must-use loader normally ran inc/early.php already, from this folder or,
// when two copies are installed, from the other one: the first copy wins whole.
if ( ! defined( 'WP_DYNAMODB_DIR' ) ) {
	require_once __DIR__ . '/inc/early.php';
}

require_once WP_DYNAMODB_DIR . '/inc/hooks.php';
