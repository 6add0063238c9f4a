<?php
/**
 * Site Health: tests and debug information.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * On `site_status_tests`.
 *
 * @param array<string, array<string, mixed>> $tests Those of others.
 * @return array<string, array<string, mixed>>
 */
function add_health_tests( array $tests ): array {
	$all = array(
		'sessions'  => __( 'Sessions in DynamoDB', 'wp-dynamodb' ),
		'regions'   => __( 'AWS Regions', 'wp-dynamodb' ),
		'logins'    => __( 'Login sessions in DynamoDB', 'wp-dynamodb' ),
		'constants' => __( 'Constants of the active Region', 'wp-dynamodb' ),
	);
	foreach ( $all as $name => $label ) {
		$tests['direct'][ "wp_dynamodb_{$name}" ] = array(
			'label' => $label,
			'test'  => static fn (): array => health_test( $name, $label ),
		);
	}

	return $tests;
}

/**
 * One test's result as Site Health shows it.
 *
 * @param string $name  sessions, regions, logins or constants.
 * @param string $label What it is called.
 * @return array<string, mixed>
 */
function health_test( string $name, string $label ): array {
	list( $level, $title, $text ) = ( __NAMESPACE__ . "\\health_of_{$name}" )( state() );

	return array(
		'test'        => "wp_dynamodb_{$name}",
		'label'       => '' === $title ? $label : $title,
		'status'      => $level,
		'badge'       => array(
			'label' => __( 'WP DynamoDB', 'wp-dynamodb' ),
			'color' => 'blue',
		),
		'description' => '<p>' . implode( '</p><p>', array_map( 'esc_html', $text ) ) . '</p>',
		'actions'     => may_manage() ? sprintf( '<p><a href="%s">%s</a></p>', esc_url( page_url() ), esc_html__( 'WP DynamoDB settings', 'wp-dynamodb' ) ) : '',
	);
}

/**
 * Whether sessions are in DynamoDB.
 *
 * @param array<string, mixed> $state From state().
 * @return array{0: string, 1: string, 2: list<string>}
 */
function health_of_sessions( array $state ): array {
	if ( 'ok' !== $state['extension'] ) {
		return array( 'critical', __( 'PHP sessions are not kept in DynamoDB', 'wp-dynamodb' ), array( extension_help( $state )[0] ) );
	}
	if ( 'dynamodb' !== $state['handler'] ) {
		/* translators: %s: name of a session save handler. */
		$text = sprintf( __( 'session.save_handler is %s; set it to dynamodb in php.ini.', 'wp-dynamodb' ), $state['handler'] );
		return array( 'critical', __( 'PHP sessions are not kept in DynamoDB', 'wp-dynamodb' ), array( $text ) );
	}

	$refusal = refusal_text( $state['status'] );
	if ( '' !== $refusal ) {
		return array( 'critical', __( 'PHP sessions cannot be read or written', 'wp-dynamodb' ), array( $refusal ) );
	}

	/* translators: %s: name of a table. */
	return array( 'good', __( 'PHP sessions are kept in DynamoDB', 'wp-dynamodb' ), array( sprintf( __( 'Table %s.', 'wp-dynamodb' ), $state['status']['table'] ) ) );
}

/**
 * Whether the Regions answer.
 *
 * @param array<string, mixed> $state From state().
 * @return array{0: string, 1: string, 2: list<string>}
 */
function health_of_regions( array $state ): array {
	$status = $state['status'];
	if ( null === $status ) {
		return array( 'recommended', __( 'The state of the Regions is not known', 'wp-dynamodb' ), array( '' === $state['error'] ? extension_help( $state )[0] : $state['error'] ) );
	}
	$lines = array();
	foreach ( $status['regions'] as $name => $region ) {
		$lines[] = "{$name}: " . region_word( $region ) . ( null === $region['breaker']['cause'] || 'closed' === $region['breaker']['state'] ? '' : " ({$region['breaker']['cause']})" );
	}
	/* translators: 1: Region, 2: a sentence. */
	array_unshift( $lines, sprintf( __( 'This host uses %1$s. %2$s', 'wp-dynamodb' ), $status['route'], why_text( $status ) ) );
	if ( 'none_healthy' === $status['why'] ) {
		return array( 'critical', __( 'No Region answers', 'wp-dynamodb' ), $lines );
	}
	if ( 'bridged' === $status['why'] ) {
		return array( 'recommended', __( 'A Region is lost; another one stands in', 'wp-dynamodb' ), $lines );
	}
	if ( array( 'closed' ) !== array_values( array_unique( array_map( static fn ( array $region ): string => $region['breaker']['state'], $status['regions'] ) ) ) ) {
		return array( 'recommended', __( 'A Region is lost that should be able to stand in', 'wp-dynamodb' ), $lines );
	}
	$unread = unread_parameters( $status );
	if ( array() !== $unread ) {
		/* translators: 1: name of an SSM parameter, 2: names of Regions. */
		$lines[] = sprintf( __( 'The parameter %1$s cannot be read in %2$s.', 'wp-dynamodb' ), $status['parameter']['name'], implode( ', ', $unread ) );
		return array( 'recommended', __( 'The active Region is not named in every Region', 'wp-dynamodb' ), $lines );
	}

	return array( 'good', __( 'All AWS Regions are well', 'wp-dynamodb' ), $lines );
}

/**
 * Whether logins survive a Region.
 *
 * @param array<string, mixed> $state From state().
 * @return array{0: string, 1: string, 2: list<string>}
 */
function health_of_logins( array $state ): array {
	if ( true !== setting( 'logins' ) ) {
		$text = __( 'When a Region is lost, users may have to log in again, and a logout may be forgotten. Switch on login sessions in DynamoDB.', 'wp-dynamodb' );
		return array( 'recommended', __( 'Login sessions are only in the database', 'wp-dynamodb' ), array( $text ) );
	}
	if ( ! $state['logins'] ) {
		$text = __( 'They are switched on, but the extension cannot keep them; user meta stands in.', 'wp-dynamodb' );
		return array( 'critical', __( 'Login sessions are only in the database', 'wp-dynamodb' ), array( $text ) );
	}
	if ( null !== ( $state['status']['items_failing_ms'] ?? null ) ) {
		$text = array(
			/* translators: %s: such as "5 seconds ago". */
			sprintf( __( 'They failed first %s.', 'wp-dynamodb' ), age_text( (int) $state['status']['items_failing_ms'] ) ),
			__( 'The copy in user meta stands in for as long as the setting “Logins in an outage” allows.', 'wp-dynamodb' ),
			__( '“Test connection” on the settings page says what is wrong.', 'wp-dynamodb' ),
		);
		return array( 'critical', __( 'Login sessions in DynamoDB cannot be used', 'wp-dynamodb' ), $text );
	}

	/* translators: %s: name of a table. */
	return array( 'good', __( 'Login sessions are kept in DynamoDB', 'wp-dynamodb' ), array( sprintf( __( 'Table %s.', 'wp-dynamodb' ), setting( 'logins_table' ) ) ) );
}

/**
 * Whether the constants follow the active Region.
 *
 * @param array<string, mixed> $state From state().
 * @return array{0: string, 1: string, 2: list<string>}
 */
function health_of_constants( array $state ): array {
	$report = $state['constants'];
	$lines  = array_merge(
		array_map( __NAMESPACE__ . '\\region_map_problem_text', $report['map']['problems'] ),
		array_map( __NAMESPACE__ . '\\conflict_text', array_keys( $report['conflicts'] ), $report['conflicts'] )
	);
	if ( array() !== $lines ) {
		return array( 'recommended', __( 'Some constants do not follow the active Region', 'wp-dynamodb' ), $lines );
	}
	if ( 'current' !== loader_state() && ! is_loader_current() ) {
		$text = __( 'The must-use loader is not installed, so plugins that load first may miss them. Run:', 'wp-dynamodb' );
		return array( 'recommended', __( 'Constants are defined late', 'wp-dynamodb' ), array( $text, loader_command() ) );
	}

	return array( 'good', __( 'Constants follow the active Region', 'wp-dynamodb' ), array( implode( ', ', $report['defined'] ) ) );
}

/**
 * On `debug_information`.
 *
 * @param array<string, array<string, mixed>> $info That of others.
 * @return array<string, array<string, mixed>>
 */
function add_debug_information( array $info ): array {
	$state  = state();
	$fields = array();
	$add    = static function ( string $key, string $label, mixed $value ) use ( &$fields ): void {
		$fields[ $key ] = array(
			'label' => $label,
			'value' => is_scalar( $value ) ? (string) $value : (string) wp_json_encode( $value ),
		);
	};
	$add( 'extension', __( 'Extension', 'wp-dynamodb' ), trim( "{$state['extension']} {$state['version']}" ) );
	$add( 'handler', __( 'Session handler', 'wp-dynamodb' ), $state['handler'] );
	if ( '' !== $state['error'] ) {
		$add( 'error', __( 'Error', 'wp-dynamodb' ), $state['error'] );
	}
	if ( null !== $state['status'] ) {
		foreach ( array( 'active', 'route', 'source', 'why', 'reason', 'home', 'table' ) as $name ) {
			$add( $name, $name, $state['status'][ $name ] );
		}
		foreach ( $state['status']['regions'] as $name => $region ) {
			$add( "region_{$name}", (string) $name, region_word( $region ) . ", {$region['calls']} / {$region['errors']}, parameter {$region['parameter_state']}" );
		}
	}
	foreach ( array_keys( SETTINGS ) as $key ) {
		$held = setting_with_source( $key );
		$add( "setting_{$key}", $held['name'], wp_json_encode( $held['value'] ) . " ({$held['source']})" );
	}
	$add( 'loader', __( 'Must-use loader', 'wp-dynamodb' ), loader_state() );
	$info['wp-dynamodb'] = array(
		'label'  => __( 'WP DynamoDB', 'wp-dynamodb' ),
		'fields' => $fields,
	);

	return $info;
}
