<?php
/**
 * Installs WordPress without its web form: php install.php DOCROOT HOST USER, the password on stdin.
 */

[ , $docroot, $host, $user ] = $argv;
$password = trim( stream_get_contents( STDIN ) );

define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST']       = $host;
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['REMOTE_ADDR']     = '127.0.0.1';

// Core would send a mail with the password; there is no mail server.
function wp_new_blog_notification() {}

require $docroot . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

if ( ! is_blog_installed() ) {
	wp_install( 'Two Regions', $user, $user . '@example.test', false, '', $password );
	update_option( 'blogdescription', 'PHP sessions in DynamoDB' );
}
update_option( 'permalink_structure', '/%postname%/' );

$plugins = array();
foreach ( array( 'wp-dynamodb/wp-dynamodb.php', 'wp-dynamodb-demo-cart/wp-dynamodb-demo-cart.php' ) as $plugin ) {
	if ( is_file( WP_PLUGIN_DIR . '/' . $plugin ) ) {
		$plugins[] = $plugin;
	}
}
// As an administrator would: their activation hooks run.
require_once ABSPATH . 'wp-admin/includes/plugin.php';
foreach ( array_diff( $plugins, (array) get_option( 'active_plugins', array() ) ) as $plugin ) {
	$problem = activate_plugin( $plugin );
	if ( is_wp_error( $problem ) ) {
		echo $problem->get_error_message(), "\n";
		exit( 1 );
	}
}

global $wp_rewrite;
$wp_rewrite->init();
flush_rewrite_rules( false );

echo "installed\n";
