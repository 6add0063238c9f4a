<?php
/**
 * A Region's last hour as a drawing and as a table.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/** Size of the drawing, in its own units. */
const PLOT = array(
	'width'  => 600,
	'height' => 120,
	'left'   => 46,
	'bottom' => 18,
	'top'    => 8,
);

/**
 * Prints both.
 *
 * @param string                    $region  Name of the Region.
 * @param list<array<string,mixed>> $history Of status's `regions`: at, calls, errors, p50_ms, p99_ms.
 */
function show_history( string $region, array $history ): void {
	$calls  = array_sum( array_column( $history, 'calls' ) );
	$errors = array_sum( array_column( $history, 'errors' ) );
	$times  = array_filter( array_column( $history, 'p99_ms' ), static fn ( mixed $ms ): bool => null !== $ms );
	$slow   = array() === $times ? null : (float) max( $times );

	if ( 0 === $calls ) {
		/* translators: %s: Region. */
		printf( '<p>%s</p>', esc_html( sprintf( __( '%s, last hour: no calls.', 'wp-dynamodb' ), $region ) ) );
		return;
	}
	$figures = array( $region, number_format_i18n( $calls ), number_format_i18n( $errors ) );
	$summary = null === $slow
		/* translators: 1: Region, 2: number of calls, 3: number of failed calls. */
		? sprintf( __( '%1$s, last hour: %2$s calls, %3$s failed; none succeeded.', 'wp-dynamodb' ), ...$figures )
		/* translators: 1: Region, 2: number of calls, 3: number of failed calls, 4: milliseconds. */
		: sprintf( __( '%1$s, last hour: %2$s calls, %3$s failed, slowest minute %4$s ms (99th percentile).', 'wp-dynamodb' ), ...array( ...$figures, number_format_i18n( $slow, 1 ) ) );
	printf( '<figure class="wpd-plot"><figcaption>%s</figcaption>', esc_html( $summary ) );
	if ( count( $history ) > 1 ) {
		draw_history( $summary, $history, max( (float) $slow, 1.0 ) );
	}
	printf( '<details><summary>%s</summary>', esc_html__( 'The same as a table', 'wp-dynamodb' ) );
	open_table( array( __( 'Minute', 'wp-dynamodb' ), __( 'Calls', 'wp-dynamodb' ), __( 'Failed', 'wp-dynamodb' ), __( 'Median, ms', 'wp-dynamodb' ), __( '99th percentile, ms', 'wp-dynamodb' ) ) );
	foreach ( array_reverse( $history ) as $minute ) {
		$number = static fn ( mixed $ms ): string => null === $ms ? '–' : number_format_i18n( (float) $ms, 1 );
		printf(
			'<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>',
			esc_html( (string) wp_date( 'H:i', (int) $minute['at'] ) ),
			esc_html( number_format_i18n( (int) $minute['calls'] ) ),
			esc_html( number_format_i18n( (int) $minute['errors'] ) ),
			esc_html( $number( $minute['p50_ms'] ) ),
			esc_html( $number( $minute['p99_ms'] ) )
		);
	}
	echo '</tbody></table></div></details></figure>';
}

/**
 * Draws latency as two lines, and failed calls as bars from above.
 *
 * @param string                    $label   What it shows, in words.
 * @param list<array<string,mixed>> $history The minutes.
 * @param float                     $most    Milliseconds at the top.
 */
function draw_history( string $label, array $history, float $most ): void {
	$first  = (int) $history[0]['at'];
	$span   = max( 60, (int) end( $history )['at'] - $first );
	$wide   = PLOT['width'] - PLOT['left'] - 6;
	$high   = PLOT['height'] - PLOT['top'] - PLOT['bottom'];
	$x      = static fn ( array $minute ): float => round( PLOT['left'] + $wide * ( (int) $minute['at'] - $first ) / $span, 1 );
	$y      = static fn ( float $ms ): float => round( PLOT['top'] + $high * ( 1 - min( 1, $ms / $most ) ), 1 );
	$points = static function ( string $key ) use ( $history, $x, $y ): string {
		$known = array_filter( $history, static fn ( array $minute ): bool => null !== $minute[ $key ] );
		return implode( ' ', array_map( static fn ( array $minute ): string => $x( $minute ) . ',' . $y( (float) $minute[ $key ] ), $known ) );
	};

	printf( '<svg viewBox="0 0 %d %d" role="img" aria-label="%s">', (int) PLOT['width'], (int) PLOT['height'], esc_attr( $label ) );
	foreach ( array( 0.0, $most / 2, $most ) as $tick ) {
		printf(
			'<line class="wpd-grid" x1="%1$d" x2="%2$d" y1="%3$s" y2="%3$s"/><text x="%4$d" y="%5$s" text-anchor="end">%6$s</text>',
			(int) PLOT['left'],
			(int) PLOT['width'] - 6,
			esc_attr( (string) $y( $tick ) ),
			(int) PLOT['left'] - 5,
			esc_attr( (string) ( $y( $tick ) + 4 ) ),
			/* translators: %s: milliseconds. */
			esc_html( sprintf( __( '%s ms', 'wp-dynamodb' ), number_format_i18n( $tick, $most < 10 ? 1 : 0 ) ) )
		);
	}
	foreach ( $history as $minute ) {
		if ( (int) $minute['errors'] > 0 ) {
			$tall = round( $high * min( 1, (int) $minute['errors'] / max( 1, (int) $minute['calls'] ) ), 1 );
			/* translators: %d: number of failed calls. */
			$title = sprintf( _n( '%d failed call', '%d failed calls', (int) $minute['errors'], 'wp-dynamodb' ), (int) $minute['errors'] );
			printf(
				'<rect class="wpd-errors" x="%s" y="%d" width="6" height="%s"><title>%s</title></rect>',
				esc_attr( (string) ( $x( $minute ) - 3 ) ),
				(int) PLOT['top'],
				esc_attr( (string) max( 2, $tall ) ),
				esc_html( $title )
			);
		}
	}
	printf( '<polyline class="wpd-p99" points="%s"/><polyline class="wpd-p50" points="%s"/>', esc_attr( $points( 'p99_ms' ) ), esc_attr( $points( 'p50_ms' ) ) );
	foreach ( array( array( PLOT['left'], 'start', $first ), array( PLOT['width'] - 6, 'end', $first + $span ) ) as list( $at, $anchor, $time ) ) {
		printf( '<text x="%d" y="%d" text-anchor="%s">%s</text>', (int) $at, (int) PLOT['height'] - 3, esc_attr( $anchor ), esc_html( (string) wp_date( 'H:i', $time ) ) );
	}
	printf(
		'</svg><p class="wpd-legend"><span class="wpd-p50"></span> %s <span class="wpd-p99"></span> %s <span class="wpd-errors"></span> %s</p>',
		esc_html__( 'median', 'wp-dynamodb' ),
		esc_html__( '99th percentile', 'wp-dynamodb' ),
		esc_html__( 'failed calls', 'wp-dynamodb' )
	);
}
