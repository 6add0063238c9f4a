<?php
/**
 * The part of the settings page that changes while one looks at it: steps and Regions. The page holds it from the start, and
 * fetches it anew (REST) for as long as it is open.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/** When somebody last pressed "Test connection", and what was found: array{at: int, names: …, found: …}, both by purpose. */
const TABLES_TRANSIENT = 'wp_dynamodb_tables';

/**
 * What was found when somebody last looked at the tables: those that are still needed under the same name.
 *
 * @return array{at: int, found: array<string, array<string, array<string, mixed>>>} `at` is 0 when nobody has.
 */
function last_look(): array {
	$held   = get_site_transient( TABLES_TRANSIENT );
	$held   = is_array( $held ) ? $held : array();
	$needed = needed_tables();
	$same   = static fn ( string $purpose ): bool => ( $needed[ $purpose ]['name'] ?? null ) === ( $held['names'][ $purpose ] ?? '' );

	return array(
		'at'    => (int) ( $held['at'] ?? 0 ),
		'found' => array_filter( $held['found'] ?? array(), $same, ARRAY_FILTER_USE_KEY ),
	);
}

/**
 * The panel as HTML.
 */
function panel(): string {
	$state = state();
	// Without a whole extension nobody can have looked.
	$look = 'ok' === $state['extension'] ? last_look() : array(
		'at'    => 0,
		'found' => array(),
	);
	$steps = guide( $state, $look['found'] );
	$left  = count( array_filter( $steps, static fn ( array $step ): bool => ! $step['done'] ) );
	ob_start();
	show_headline( $state, $left );
	show_guide( $steps, $left );
	if ( 'ok' === $state['extension'] ) {
		show_regions( $state['status'] );
		show_tables( $look );
	}

	return (string) ob_get_clean();
}

/**
 * One sentence for the whole, and what it is about.
 *
 * @param array<string, mixed> $state From state().
 * @param int                  $left  How many steps of the guide are left.
 */
function show_headline( array $state, int $left ): void {
	$level = state_level( $state );
	$texts = array(
		'ok'       => 0 === $left ? __( 'All is well.', 'wp-dynamodb' ) : __( 'Sessions are kept in DynamoDB.', 'wp-dynamodb' ),
		'warning'  => __( 'The site works, and somebody should look.', 'wp-dynamodb' ),
		'critical' => __( 'Sessions are not safe in DynamoDB.', 'wp-dynamodb' ),
	);
	$marks = array(
		'ok'       => '✓',
		'warning'  => '!',
		'critical' => '✗',
	);
	$lines = null === $state['status'] ? array() : status_lines( $state );
	printf(
		'<div class="wpd-headline wpd-%s"><p><span aria-hidden="true">%s</span> <strong>%s</strong> %s</p>',
		esc_attr( $level ),
		esc_html( $marks[ $level ] ),
		esc_html( $texts[ $level ] ),
		esc_html( array_shift( $lines ) ?? '' )
	);
	foreach ( $lines as $line ) {
		printf( '<p>%s</p>', esc_html( $line ) );
	}
	echo '</div>';
}

/**
 * What this host does, and everything that keeps it from being well.
 *
 * @param array<string, mixed> $state From state(), with a status.
 * @return list<string>
 */
function status_lines( array $state ): array {
	$status = $state['status'];
	/* translators: 1: Region, 2: a sentence. */
	$lines   = array( sprintf( __( 'This host uses %1$s. %2$s', 'wp-dynamodb' ), $status['route'], why_text( $status ) ) );
	$refusal = refusal_text( $status );
	if ( '' !== $refusal ) {
		/* translators: %s: error message. */
		$lines[] = sprintf( __( 'It refuses to read or write sessions: %s', 'wp-dynamodb' ), $refusal );
	}
	$unread = unread_parameters( $status );
	if ( array() !== $unread ) {
		/* translators: 1: name of an SSM parameter, 2: names of Regions. */
		$lines[] = sprintf( __( 'The parameter %1$s cannot be read in %2$s.', 'wp-dynamodb' ), $status['parameter']['name'], implode( ', ', $unread ) );
	}
	if ( $state['logins'] && null !== $status['items_failing_ms'] ) {
		/* translators: %s: such as "5 seconds ago". */
		$lines[] = sprintf( __( 'Login sessions cannot be read or written; user meta stands in. It failed first %s.', 'wp-dynamodb' ), age_text( (int) $status['items_failing_ms'] ) );
	}

	return $lines;
}

/**
 * The steps that are left, and those that are done.
 *
 * @param list<array{code: string, done: bool, title: string, text: string, commands: list<string>}> $steps From guide().
 * @param int                                                                                       $left  How many of them are left.
 */
function show_guide( array $steps, int $left ): void {
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
			$label = sprintf( __( 'To do for: %s', 'wp-dynamodb' ), $step['title'] );
			printf( '<pre class="wpd-code" tabindex="0" role="region" aria-label="%s">%s</pre>', esc_attr( $label ), esc_html( implode( "\n", $step['commands'] ) ) );
		}
		echo '</li>';
	}
	echo '</ol></details>';
}

/**
 * Opens a table that scrolls by itself when it is too wide.
 *
 * @param list<string> $heads What its columns are called.
 */
function open_table( array $heads ): void {
	echo '<div class="wpd-scroll" tabindex="0"><table class="widefat striped"><thead><tr>';
	foreach ( $heads as $head ) {
		printf( '<th scope="col">%s</th>', esc_html( $head ) );
	}
	echo '</tr></thead><tbody>';
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
	open_table(
		array(
			__( 'Region', 'wp-dynamodb' ),
			__( 'State', 'wp-dynamodb' ),
			__( 'Parameter', 'wp-dynamodb' ),
			__( 'Median, ms', 'wp-dynamodb' ),
			__( '99th percentile, ms', 'wp-dynamodb' ),
			__( 'Calls', 'wp-dynamodb' ),
			__( 'Failed', 'wp-dynamodb' ),
			__( 'Last error', 'wp-dynamodb' ),
		)
	);
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
			'<tr><th scope="row"><span class="wpd-name">%s</span><br><small>%s</small></th><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>',
			esc_html( $name ),
			esc_html( implode( ', ', $roles ) ),
			esc_html( region_word( $region ) ),
			esc_html( $region['parameter_value'] ?? $region['parameter_state'] ),
			esc_html( $number( $region['latency_ms']['p50'] ) ),
			esc_html( $number( $region['latency_ms']['p99'] ) ),
			esc_html( number_format_i18n( $region['calls'] ) ),
			esc_html( number_format_i18n( $region['errors'] ) ),
			/* translators: 1: error message, 2: such as "5 seconds ago". */
			esc_html( null === $error ? '–' : sprintf( __( '%1$s (%2$s)', 'wp-dynamodb' ), error_text( $error['message'], $status['table'] ), age_text( $error['age_ms'] ) ) )
		);
	}
	echo '</tbody></table></div>';
	foreach ( $status['regions'] as $name => $region ) {
		show_history( (string) $name, $region['history'] );
	}
	if ( array() !== $status['warnings'] ) {
		printf( '<h3>%s</h3><ul class="ul-disc">', esc_html__( 'What this host said last', 'wp-dynamodb' ) );
		foreach ( array_reverse( $status['warnings'] ) as $warning ) {
			printf( '<li>%s</li>', esc_html( error_text( $warning, $status['table'] ) ) );
		}
		echo '</ul>';
	}
}

/**
 * What "Test connection" found.
 *
 * @param array{at: int, found: array<string, array<string, array<string, mixed>>>} $look From last_look().
 */
function show_tables( array $look ): void {
	$found = $look['found'];
	printf( '<h2>%s</h2>', esc_html__( 'Tables', 'wp-dynamodb' ) );
	printf( '<p><button type="button" class="button" id="wpd-test">%s</button> <span id="wpd-test-says"></span></p>', esc_html__( 'Test connection', 'wp-dynamodb' ) );
	if ( array() === $found ) {
		printf( '<p>%s</p>', esc_html__( 'Asks DynamoDB in every Region for the tables, and writes and reads one item.', 'wp-dynamodb' ) );
		return;
	}
	/* translators: %s: such as "5 seconds ago". */
	printf( '<p>%s</p>', esc_html( sprintf( __( 'As they were %s:', 'wp-dynamodb' ), age_text( 1000 * max( 0, time() - $look['at'] ) ) ) ) );
	$words = array(
		'ok'          => __( 'as it should be', 'wp-dynamodb' ),
		'missing'     => __( 'missing', 'wp-dynamodb' ),
		'wrong'       => __( 'not as it should be', 'wp-dynamodb' ),
		'denied'      => __( 'no permission', 'wp-dynamodb' ),
		'unreachable' => __( 'not reachable', 'wp-dynamodb' ),
	);
	open_table(
		array(
			__( 'Table', 'wp-dynamodb' ),
			__( 'Region', 'wp-dynamodb' ),
			__( 'State', 'wp-dynamodb' ),
			__( 'Keys', 'wp-dynamodb' ),
			__( 'TTL', 'wp-dynamodb' ),
			__( 'Billing', 'wp-dynamodb' ),
			__( 'Replicas', 'wp-dynamodb' ),
			__( 'What is wrong', 'wp-dynamodb' ),
		)
	);
	$needed = needed_tables();
	foreach ( $found as $purpose => $regions ) {
		foreach ( $regions as $region => $one ) {
			$is = $one['details'];
			printf(
				'<tr><th scope="row">%s</th><td class="wpd-name">%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>',
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
