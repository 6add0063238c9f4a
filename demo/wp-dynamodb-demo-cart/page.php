<?php
/**
 * The page.
 *
 * @package WP_DynamoDB_Demo_Cart
 */

namespace WP_DynamoDB_Demo_Cart;

defined( 'ABSPATH' ) || exit;

const SHELF = array( 'Tea', 'Coffee', 'Honey', 'Oranges', 'Bread' );

/**
 * Prints the whole page.
 *
 * @param array<string, mixed> $state As describe() gives it, with `saved`.
 */
function print_page( array $state ): void {
	?>
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo cart</title>
<style><?php require __DIR__ . '/page.css'; ?></style>
</head>
<body>
<main>
	<h1>Demo cart</h1>
	<?php print_outcome( $state ); ?>
	<dl>
		<div><dt>Active Region</dt><dd><?php echo esc_html( $state['region'] ?? 'unknown' ); ?></dd></div>
		<div><dt>Sessions go to</dt><dd><?php echo esc_html( $state['route'] ?? 'unknown' ); ?></dd></div>
		<div><dt>This host is in</dt><dd><?php echo esc_html( $state['host_region'] ?? 'unknown' ); ?></dd></div>
		<div><dt>PHP worker</dt><dd><?php echo esc_html( (string) $state['pid'] ); ?></dd></div>
		<div><dt>Session</dt><dd><?php echo '' === $state['session_end'] ? 'none' : '…' . esc_html( $state['session_end'] ); ?></dd></div>
		<div><dt>Logged in as</dt><dd><?php echo esc_html( $state['user'] ?? 'nobody' ); ?></dd></div>
	</dl>
	<?php print_lines( $state['lines'] ); ?>
	<h2>Add something</h2>
	<div>
		<?php
		foreach ( SHELF as $item ) {
			print_button( 'add', $item, $item );
		}
		?>
	</div>
	<p class="hint">Switch the active Region and reload this page: the Region above changes, the session and the cart stay.</p>
	<p><a href="<?php echo esc_url( home_url( '/' ) ); ?>">Back to the site</a></p>
</main>
</body>
</html>
	<?php
}

/**
 * Prints how the session did.
 *
 * @param array<string, mixed> $state As for print_page().
 */
function print_outcome( array $state ): void {
	if ( ! $state['session_ok'] ) {
		echo '<p class="outcome bad" role="alert">The session could not be read just now. Your cart is kept as it was; reload the page in a moment.</p>';
	} elseif ( ! $state['saved'] ) {
		echo '<p class="outcome bad" role="alert">The last change could not be stored. The cart before it is kept; try again in a moment.</p>';
	} else {
		echo '<p class="outcome good" role="status">Your session is there.</p>';
	}
}

/**
 * Prints the cart's lines.
 *
 * @param list<array{item: string, quantity: int, added_in: string}> $lines The lines.
 */
function print_lines( array $lines ): void {
	if ( array() === $lines ) {
		echo '<p class="empty">The cart is empty.</p>';
		return;
	}

	echo '<table><thead><tr><th>Item</th><th>Quantity</th><th>Added while active</th><th></th></tr></thead><tbody>';
	foreach ( $lines as $line ) {
		printf(
			'<tr><td>%s</td><td class="number">%d</td><td>%s</td><td>',
			esc_html( $line['item'] ),
			(int) $line['quantity'],
			esc_html( '' === $line['added_in'] ? 'unknown' : $line['added_in'] )
		);
		print_button( 'remove', $line['item'], 'Remove one' );
		echo '</td></tr>';
	}
	echo '</tbody></table>';
	print_button( 'clear', '', 'Empty the cart' );
}

/**
 * Prints a form of one button.
 *
 * @param string $action The action.
 * @param string $item   The item's name.
 * @param string $label  The button's text.
 */
function print_button( string $action, string $item, string $label ): void {
	printf(
		'<form method="post" action="%s"><input type="hidden" name="item" value="%s"><button>%s</button></form>',
		esc_url( home_url( '/?demo_cart=' . $action ) ),
		esc_attr( $item ),
		esc_html( $label )
	);
}
