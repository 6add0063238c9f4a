<?php
/**
 * Plugin Name:       WP DynamoDB demo cart
 * Description:       A cart in $_SESSION at /?demo_cart, to watch a PHP session live through a switch of Regions. For demonstrations, not for shops.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      8.1
 * Author:            The wp-dynamodb contributors
 * License:           MIT OR Apache-2.0
 *
 * Addresses (GET; the page's own buttons POST and are redirected):
 *   /?demo_cart                 the page
 *   /?demo_cart=add&item=tea    one more of an item, then the page
 *   /?demo_cart=remove&item=tea one less, then the page
 *   /?demo_cart=clear           an empty cart, then the page
 *   /?demo_cart=json            session_start(), then the state as JSON
 *   /?demo_cart=read            the same with read_and_close: never writes
 *   /?demo_cart=fresh           starts a session and stores nothing; JSON
 * Any of them gives JSON with &format=json. Status 503 when the session could not be read or stored.
 *
 * @package WP_DynamoDB_Demo_Cart
 */

namespace WP_DynamoDB_Demo_Cart;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/session.php';
require_once __DIR__ . '/cart.php';
require_once __DIR__ . '/state.php';
require_once __DIR__ . '/page.php';

add_action( 'init', __NAMESPACE__ . '\\answer' );
add_action( 'wp_footer', __NAMESPACE__ . '\\print_link' );

/**
 * Answers the addresses above; no other request starts a session.
 *
 * There is no nonce: anybody may fill their own demo cart, and tests do it by address.
 */
function answer(): void {
	if ( ! isset( $_GET['demo_cart'] ) || ! is_string( $_GET['demo_cart'] ) ) {
		return;
	}

	$action = sanitize_key( $_GET['demo_cart'] );
	$item   = item_name( $_REQUEST['item'] ?? '' );
	$warned = array();

	$session_ok = start_session( 'read' === $action, $warned );
	if ( $session_ok && 'fresh' !== $action && 'read' !== $action ) {
		change_cart( $action, $item );
	}

	$state = describe( $session_ok );
	// Closed before the answer is written: the answer must not claim what was not stored.
	$state['saved'] = $session_ok && close_session( $warned );
	$status         = $state['saved'] ? 200 : 503;

	nocache_headers();
	header( 'X-Robots-Tag: noindex, nofollow' );

	$as_json = in_array( $action, array( 'json', 'read', 'fresh' ), true ) || 'json' === ( $_GET['format'] ?? '' );
	if ( $as_json ) {
		wp_send_json( array( 'cart' => (object) array_column( $state['lines'], 'quantity', 'item' ) ) + $state, $status );
	}

	if ( 'POST' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) && 200 === $status ) {
		// So that reloading the page does not send the form again.
		wp_safe_redirect( home_url( '/?demo_cart' ), 303 );
		exit;
	}

	status_header( $status );
	print_page( $state );
	exit;
}

/**
 * A link on every page of the site; starts no session.
 */
function print_link(): void {
	printf( '<p style="text-align:center"><a href="%s">Demo cart</a></p>', esc_url( home_url( '/?demo_cart' ) ) );
}
