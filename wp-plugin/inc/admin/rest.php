<?php
/**
 * REST: what the settings page fetches, and the state for whoever may see it.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

const REST_NAMESPACE = 'wp-dynamodb/v1';

/** The longest map that is looked at, in bytes of JSON. */
const REST_MAP_MAX = 200000;

/**
 * On `rest_api_init`.
 */
function register_routes(): void {
	$route = static function ( string $path, string $method, string $callback, array $args = array() ): void {
		register_rest_route(
			REST_NAMESPACE,
			$path,
			array(
				'methods'             => $method,
				'callback'            => __NAMESPACE__ . "\\{$callback}",
				'permission_callback' => __NAMESPACE__ . '\\may_use_rest',
				'args'                => $args,
			)
		);
	};
	$route( '/status', 'GET', 'rest_status' );
	$route( '/panel', 'GET', 'rest_panel' );
	$route( '/test', 'POST', 'rest_test' );
	$route(
		'/preview',
		'POST',
		'rest_preview',
		array(
			'map' => array(
				'type'     => 'string',
				'required' => true,
			),
		)
	);
}

/**
 * Whether the request may use these routes.
 *
 * @return true|\WP_Error
 */
function may_use_rest(): bool|\WP_Error {
	if ( may_manage() ) {
		return true;
	}

	return new \WP_Error( 'wp_dynamodb_forbidden', __( 'You are not allowed to do this.', 'wp-dynamodb' ), array( 'status' => is_user_logged_in() ? 403 : 401 ) );
}

/**
 * An answer that nobody keeps.
 *
 * @param array<string, mixed> $data The answer.
 */
function rest_answer( array $data ): \WP_REST_Response {
	$response = new \WP_REST_Response( $data );
	$response->header( 'Cache-Control', 'no-store' );

	return $response;
}

/**
 * GET /status: the state as Site Health and the command line know it.
 */
function rest_status(): \WP_REST_Response {
	$state = state();

	return rest_answer( array( 'level' => state_level( $state ) ) + $state );
}

/**
 * GET /panel: the changing part of the settings page.
 */
function rest_panel(): \WP_REST_Response {
	return rest_answer( array( 'html' => panel() ) );
}

/**
 * POST /test: asks every Region for the tables, and keeps what it finds.
 */
function rest_test(): \WP_REST_Response|\WP_Error {
	if ( 'ok' !== state()['extension'] ) {
		return new \WP_Error( 'wp_dynamodb_extension', __( 'The extension wp_dynamodb is missing, too old, or its settings are not valid.', 'wp-dynamodb' ), array( 'status' => 409 ) );
	}
	$found = test_connection();

	return rest_answer(
		array(
			'html'   => panel(),
			'tables' => $found['tables'],
			'health' => $found['health'],
			'says'   => $found['says'],
		)
	);
}

/**
 * Looks at all tables, and writes and reads one item.
 *
 * @return array{tables: array<string, array<string, array<string, mixed>>>, health: array<string, mixed>, ok: bool, says: string}
 */
function test_connection(): array {
	$tables = array_map( __NAMESPACE__ . '\\look_at_table', needed_tables() );
	$look   = array(
		'at'    => time(),
		'names' => array_map( static fn ( array $table ): string => $table['name'], needed_tables() ),
		'found' => $tables,
	);
	set_site_transient( TABLES_TRANSIENT, $look, MONTH_IN_SECONDS );
	$health = wp_dynamodb_health( 1500, true );
	$bad    = array();
	// What login sessions are going to need is no trouble before they are switched on.
	foreach ( true === setting( 'logins' ) ? $tables : array_diff_key( $tables, array( 'logins' => 0 ) ) as $regions ) {
		$bad = array( ...$bad, ...array_filter( $regions, static fn ( array $one ): bool => 'ok' !== $one['state'] ) );
	}
	$ok   = true === $health['ok'] && array() === $bad;
	$says = $ok
		/* translators: 1: Region, 2: milliseconds. */
		? sprintf( __( 'All tables are as they should be; %1$s answered in %2$s ms.', 'wp-dynamodb' ), $health['region'], number_format_i18n( $health['latency_ms'], 1 ) )
		: ( array() !== $bad ? __( 'Some tables are not as they should be; see below.', 'wp-dynamodb' ) : (string) $health['error'] );

	return compact( 'tables', 'health', 'ok', 'says' );
}

/**
 * POST /preview: what a Region map would define, and what would be in its way. Stores nothing.
 *
 * @param \WP_REST_Request $request With `map`, as JSON.
 */
function rest_preview( \WP_REST_Request $request ): \WP_REST_Response|\WP_Error {
	$json = (string) $request['map'];
	$map  = strlen( $json ) <= REST_MAP_MAX ? json_decode( $json, true, 8 ) : null;
	if ( ! is_array( $map ) ) {
		return new \WP_Error( 'wp_dynamodb_map', __( 'The map is not valid JSON of an object with Regions as keys.', 'wp-dynamodb' ), array( 'status' => 400 ) );
	}
	$found     = validate_region_map( typed_map( $map, region_map()['regions'] ) );
	$conflicts = array();
	$ours      = define_constants()['defined'];
	foreach ( $found['regions'] as $constants ) {
		foreach ( array_keys( $constants ) as $name ) {
			if ( defined( $name ) && ! in_array( $name, $ours, true ) ) {
				/* translators: %s: name of a constant. */
				$conflicts[ $name ] = sprintf( __( '%s is defined elsewhere: the map does not change it.', 'wp-dynamodb' ), $name );
			}
		}
	}
	$lines = array();
	foreach ( $found['regions'] as $region => $constants ) {
		foreach ( $constants as $name => $value ) {
			$lines[] = sprintf( '%s: %s = %s', $region, $name, plain_value( $value ) );
		}
	}

	return rest_answer(
		array(
			'defines'   => $lines,
			'problems'  => array_map( __NAMESPACE__ . '\\region_map_problem_text', $found['problems'] ),
			'conflicts' => array_values( $conflicts ),
		)
	);
}
