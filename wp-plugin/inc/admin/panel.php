<?php
/**
 * The part of the settings page that changes while one looks at it: steps and Regions. The page holds it from the start, and
 * fetches it anew (REST) for as long as it is open.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/** What was found when somebody last pressed "Test connection"; for ten minutes. */
const TABLES_TRANSIENT = 'wp_dynamodb_tables';

/**
 * The panel as HTML.
 */
function panel(): string {
	$state  = state();
	$tables = get_site_transient( TABLES_TRANSIENT );
	ob_start();
	show_headline( $state );
	show_guide( guide( $state, is_array( $tables ) ? $tables : null ) );
	if ( null !== $state['status'] ) {
		show_regions( $state['status'] );
		show_tables( is_array( $tables ) ? $tables : array() );
	}

	return (string) ob_get_clean();
}

/**
 * One sentence for the whole.
 *
 * @param array<string, mixed> $state From state().
 */
function show_headline( array $state ): void {
	$level = state_level( $state );
	$texts = array(
		'ok'       => __( 'All is well.', 'wp-dynamodb' ),
		'warning'  => __( 'The site works, and somebody should look.', 'wp-dynamodb' ),
		'critical' => __( 'Sessions are not safe in DynamoDB.', 'wp-dynamodb' ),
	);
	$marks = array(
		'ok'       => '✓',
		'warning'  => '!',
		'critical' => '✗',
	);
	printf( '<p class="wpd-headline wpd-%s" role="status"><span aria-hidden="true">%s</span> <strong>%s</strong>', esc_attr( $level ), esc_html( $marks[ $level ] ), esc_html( $texts[ $level ] ) );
	$status = $state['status'];
	if ( null !== $status ) {
		/* translators: 1: Region, 2: a sentence. */
		echo ' ' . esc_html( sprintf( __( 'This host uses %1$s. %2$s', 'wp-dynamodb' ), $status['route'], why_text( $status ) ) );
		if ( null !== $status['items_failing_ms'] ) {
			/* translators: %s: such as "5 seconds ago". */
			echo ' ' . esc_html( sprintf( __( 'Login sessions cannot be read or written (since %s); user meta stands in.', 'wp-dynamodb' ), age_text( (int) $status['items_failing_ms'] ) ) );
		}
	}
	echo '</p>';
}

/**
 * The steps that are left, and those that are done.
 *
 * @param list<array{code: string, done: bool, title: string, text: string, commands: list<string>}> $steps From guide().
 */
function show_guide( array $steps ): void {
	$left = count( array_filter( $steps, static fn ( array $step ): bool => ! $step['done'] ) );
	printf(
		'<details class="wpd-guide"%s><summary>%s</summary><ol>',
		$left > 0 ? ' open' : '',
		/* translators: %d: number of steps. */
		esc_html( 0 === $left ? __( 'Everything is set up', 'wp-dynamodb' ) : sprintf( _n( '%d step is left', '%d steps are left', $left, 'wp-dynamodb' ), $left ) )
	);
	foreach ( $steps as $step ) {
		printf(
			'<li class="%s"><span aria-hidden="true">%s</span> <strong>%s</strong> <span class="screen-reader-text">%s</span>',
			$step['done'] ? 'wpd-done' : 'wpd-todo',
			$step['done'] ? '✓' : '○',
			esc_html( $step['title'] ),
			$step['done'] ? esc_html__( '(done)', 'wp-dynamodb' ) : esc_html__( '(to do)', 'wp-dynamodb' )
		);
		if ( '' !== $step['text'] ) {
			printf( '<p>%s</p>', esc_html( $step['text'] ) );
		}
		if ( array() !== $step['commands'] ) {
			/* translators: %s: title of a step. */
			printf( '<pre class="wpd-code" tabindex="0" role="region" aria-label="%s">%s</pre>', esc_attr( sprintf( __( 'To do for: %s', 'wp-dynamodb' ), $step['title'] ) ), esc_html( implode( "\n", $step['commands'] ) ) );
		}
		echo '</li>';
	}
	echo '</ol></details>';
}

/**
 * The Regions with their last hour.
 *
 * @param array<string, mixed> $status wp_dynamodb_status().
 */
function show_regions( array $status ): void {
	printf( '<h2>%s</h2>', esc_html__( 'Regions', 'wp-dynamodb' ) );
	printf(
		'<p>%s</p>',
		esc_html(
			sprintf(
				/* translators: 1: Region, 2: where that is from, 3: such as "5 seconds ago". */
				__( 'The active Region is %1$s: %2$s. SSM last answered %3$s.', 'wp-dynamodb' ),
				$status['active'],
				source_text( $status ),
				age_text( $status['parameter']['checked_age_ms'] )
			)
		)
	);
	echo '<div class="wpd-scroll"><table class="widefat striped"><thead><tr>';
	foreach ( array( __( 'Region', 'wp-dynamodb' ), __( 'State', 'wp-dynamodb' ), __( 'Parameter', 'wp-dynamodb' ), __( 'Median, ms', 'wp-dynamodb' ), __( '99th percentile, ms', 'wp-dynamodb' ), __( 'Calls', 'wp-dynamodb' ), __( 'Failed', 'wp-dynamodb' ), __( 'Last error', 'wp-dynamodb' ) ) as $head ) {
		printf( '<th scope="col">%s</th>', esc_html( $head ) );
	}
	echo '</tr></thead><tbody>';
	foreach ( $status['regions'] as $name => $region ) {
		$roles  = array_filter(
			array(
				$name === $status['active'] ? __( 'active', 'wp-dynamodb' ) : '',
				$name === $status['route'] ? __( 'used by this host', 'wp-dynamodb' ) : '',
				$name === $status['home'] ? __( 'this host is here', 'wp-dynamodb' ) : '',
			)
		);
		$number = static fn ( ?float $ms ): string => null === $ms ? '–' : number_format_i18n( $ms, 1 );
		$error  = $region['last_error'];
		printf(
			'<tr><th scope="row">%s<br><small>%s</small></th><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>',
			esc_html( $name ),
			esc_html( implode( ', ', $roles ) ),
			esc_html( region_word( $region ) ),
			esc_html( $region['parameter_value'] ?? $region['parameter_state'] ),
			esc_html( $number( $region['latency_ms']['p50'] ) ),
			esc_html( $number( $region['latency_ms']['p99'] ) ),
			esc_html( number_format_i18n( $region['calls'] ) ),
			esc_html( number_format_i18n( $region['errors'] ) ),
			/* translators: 1: error message, 2: such as "5 seconds ago". */
			esc_html( null === $error ? '–' : sprintf( __( '%1$s (%2$s)', 'wp-dynamodb' ), $error['message'], age_text( $error['age_ms'] ) ) )
		);
	}
	echo '</tbody></table></div>';
	foreach ( $status['regions'] as $name => $region ) {
		show_history( (string) $name, $region['history'] );
	}
	if ( array() !== $status['warnings'] ) {
		printf( '<h3>%s</h3><ul class="ul-disc">', esc_html__( 'What this host said last', 'wp-dynamodb' ) );
		foreach ( array_reverse( $status['warnings'] ) as $warning ) {
			printf( '<li>%s</li>', esc_html( $warning ) );
		}
		echo '</ul>';
	}
}

/**
 * What "Test connection" found.
 *
 * @param array<string, array<string, array<string, mixed>>> $found By purpose and Region; empty: nobody has looked.
 */
function show_tables( array $found ): void {
	printf( '<h2>%s</h2>', esc_html__( 'Tables', 'wp-dynamodb' ) );
	printf( '<p><button type="button" class="button" id="wpd-test">%s</button> <span id="wpd-test-says" role="status"></span></p>', esc_html__( 'Test connection', 'wp-dynamodb' ) );
	if ( array() === $found ) {
		printf( '<p>%s</p>', esc_html__( 'Asks DynamoDB in every Region for the tables, and writes and reads one item.', 'wp-dynamodb' ) );
		return;
	}
	$words = array(
		'ok'          => __( 'as it should be', 'wp-dynamodb' ),
		'missing'     => __( 'missing', 'wp-dynamodb' ),
		'wrong'       => __( 'not as it should be', 'wp-dynamodb' ),
		'denied'      => __( 'no permission', 'wp-dynamodb' ),
		'unreachable' => __( 'not reachable', 'wp-dynamodb' ),
	);
	echo '<div class="wpd-scroll"><table class="widefat striped"><thead><tr>';
	foreach ( array( __( 'Table', 'wp-dynamodb' ), __( 'Region', 'wp-dynamodb' ), __( 'State', 'wp-dynamodb' ), __( 'Keys', 'wp-dynamodb' ), __( 'TTL', 'wp-dynamodb' ), __( 'Billing', 'wp-dynamodb' ), __( 'Replicas', 'wp-dynamodb' ), __( 'What is wrong', 'wp-dynamodb' ) ) as $head ) {
		printf( '<th scope="col">%s</th>', esc_html( $head ) );
	}
	echo '</tr></thead><tbody>';
	$needed = needed_tables();
	foreach ( $found as $purpose => $regions ) {
		foreach ( $regions as $region => $one ) {
			$is = $one['details'];
			printf(
				'<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>',
				esc_html( $needed[ $purpose ]['name'] ?? $purpose ),
				esc_html( $region ),
				esc_html( $words[ $one['state'] ] ?? $one['state'] ),
				esc_html( implode( ', ', array_column( $is['keys'] ?? array(), 'name' ) ) ),
				esc_html( $is['ttl'] ?? '–' ),
				esc_html( $is['billing'] ?? '–' ),
				esc_html( implode( ', ', $is['replicas'] ?? array() ) ),
				esc_html( implode( ' ', $one['problems'] ) )
			);
		}
	}
	echo '</tbody></table></div>';
}
