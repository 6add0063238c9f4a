<?php
/**
 * Defines the constants that used to be edited by hand in wp-config.php.
 *
 * A constant that is already defined is never touched (a second define() is a warning):
 * the difference is kept in the report instead.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * Defines what is undefined and remembers what happened. Only the first call of a request acts:
 * one request sees one Region, whatever happens meanwhile.
 *
 * Where the Region comes from: WP_DYNAMODB_ACTIVE_REGION when wp-config.php sets it (so that all
 * constants of a page agree), else the extension, else AWS_REGION or AWS_DEFAULT_REGION. With
 * none of them nothing is defined.
 *
 * @return array{
 *     region: string, source: string, error: string,
 *     defined: list<string>,
 *     conflicts: array<string, scalar>,
 *     map: array{source: string, regions: array<string, array<string, scalar>>, problems: list<array<string, string>>}
 * } `source` is constant, extension, environment or none; `error` is the extension's message; `conflicts` says what would have
 *   been defined. What is defined instead may be anything, and is not for a page, a log or a REST answer.
 */
function define_constants(): array {
	static $report = null;

	if ( null !== $report ) {
		return $report;
	}

	$asked  = ask_extension();
	$report = find_region( $asked['region'] ) + array(
		'error'     => $asked['error'],
		'defined'   => array(),
		'conflicts' => array(),
		'map'       => region_map(),
	);

	$region = $report['region'];
	if ( '' === $region ) {
		return $report;
	}

	$regions = $report['map']['regions'];
	if ( array() !== $regions && ! isset( $regions[ $region ] ) ) {
		$report['map']['problems'][] = array(
			'code'   => 'region_missing',
			'region' => $region,
		);
	}

	$endpoint = endpoint( $region );
	$wanted   = array(
		// The extension's Region where it has one: a hand-set constant that contradicts it is a conflict.
		'WP_DYNAMODB_ACTIVE_REGION' => '' !== $asked['region'] ? $asked['region'] : $region,
		'WP_DYNAMODB_ENDPOINT'      => $endpoint,
		// The name that the usual recipe for this architecture has people type in.
		'MY_DYNAMODB_ENDPOINT'      => $endpoint,
	) + ( $regions[ $region ] ?? array() );

	foreach ( $wanted as $name => $value ) {
		if ( ! defined( $name ) ) {
			define( $name, $value );
			$report['defined'][] = $name;
		} elseif ( ! is_same_value( constant( $name ), $value ) ) {
			$report['conflicts'][ $name ] = $value;
		}
	}

	return $report;
}

/**
 * Region and its source.
 *
 * @param string $from_extension The extension's active Region, or ''.
 * @return array{region: string, source: string}
 */
function find_region( string $from_extension ): array {
	$by_hand = defined( 'WP_DYNAMODB_ACTIVE_REGION' ) ? constant( 'WP_DYNAMODB_ACTIVE_REGION' ) : '';
	$sources = array(
		'constant'    => is_string( $by_hand ) && is_region_name( $by_hand ) ? $by_hand : '',
		'extension'   => $from_extension,
		'environment' => environment_region(),
	);

	foreach ( $sources as $source => $region ) {
		if ( '' !== $region ) {
			return compact( 'region', 'source' );
		}
	}

	return array(
		'region' => '',
		'source' => 'none',
	);
}

/**
 * Whether two values of a constant mean the same; '1' in JSON and true in wp-config.php do.
 *
 * @param mixed $one   A value.
 * @param mixed $other Another value.
 */
function is_same_value( mixed $one, mixed $other ): bool {
	return is_scalar( $one ) && is_scalar( $other ) ? (string) $one === (string) $other : $one === $other;
}
