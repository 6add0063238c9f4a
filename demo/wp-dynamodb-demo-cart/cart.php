<?php
/**
 * The cart: lines in the session.
 *
 * @package WP_DynamoDB_Demo_Cart
 */

namespace WP_DynamoDB_Demo_Cart;

defined( 'ABSPATH' ) || exit;

const SESSION_KEY  = 'wp_dynamodb_demo_cart';
const MAX_LINES    = 500;
const MAX_QUANTITY = 99;

/**
 * An item's name as the cart keeps it; '' when there is none.
 *
 * @param mixed $raw From the request, with WordPress's slashes.
 */
function item_name( mixed $raw ): string {
	return is_string( $raw ) ? mb_substr( sanitize_text_field( wp_unslash( $raw ) ), 0, 40 ) : '';
}

/**
 * The lines, oldest first. The session's content is checked: it may be anybody's or an older version's.
 *
 * @return list<array{item: string, quantity: int, added_in: string}> `added_in` is the Region that was
 *         active when the line was made.
 */
function cart_lines(): array {
	$lines = $_SESSION[ SESSION_KEY ] ?? array();

	return is_array( $lines ) ? array_values( array_filter( $lines, __NAMESPACE__ . '\\is_line' ) ) : array();
}

/**
 * Whether a value is a line of the cart.
 *
 * @param mixed $line Anything.
 */
function is_line( mixed $line ): bool {
	return is_array( $line ) && is_string( $line['item'] ?? null ) && is_int( $line['quantity'] ?? null ) && is_string( $line['added_in'] ?? null );
}

/**
 * Carries out an action. Writes to the session only when the cart changes.
 *
 * @param string $action add, remove or clear; anything else changes nothing.
 * @param string $item   The item's name.
 */
function change_cart( string $action, string $item ): void {
	$before = cart_lines();
	$lines  = 'clear' === $action ? array() : $before;
	$at     = array_search( $item, array_column( $lines, 'item' ), true );

	if ( 'add' === $action && '' !== $item ) {
		if ( false !== $at ) {
			$lines[ $at ]['quantity'] = min( MAX_QUANTITY, $lines[ $at ]['quantity'] + 1 );
		} elseif ( count( $lines ) < MAX_LINES ) {
			$lines[] = array(
				'item'     => $item,
				'quantity' => 1,
				'added_in' => (string) active_region(),
			);
		}
	} elseif ( 'remove' === $action && false !== $at ) {
		--$lines[ $at ]['quantity'];
		$lines = array_values( array_filter( $lines, static fn ( array $line ): bool => $line['quantity'] > 0 ) );
	}

	if ( $lines !== $before ) {
		$_SESSION[ SESSION_KEY ] = $lines;
	}
}
