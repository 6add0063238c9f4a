<?php
// All of the extension's functions, while us-east-1 is active and all is well. WPD_TEST_STATUS (JSON) replaces parts of the
// status, or is thrown (`throws`); WPD_TEST_TABLES (JSON) says what becomes of a table: name → access, missing, unavailable, or parts of its description.

namespace WpDynamoDb {

	class Exception extends \RuntimeException {}
	class ConfigException extends Exception {}
	class AccessException extends Exception {}
	class UnavailableException extends Exception {}
}

namespace WP_DynamoDB {

	/** PHP without the extension does not take its handler's name. */
	function ini_get( string $name ): string|false {
		return 'session.save_handler' === $name ? ( getenv( 'WPD_TEST_HANDLER' ) ?: 'dynamodb' ) : \ini_get( $name );
	}
}

namespace {

	/** What a test has put into the environment. */
	function wpd_test( string $name ): array {
		return json_decode( (string) getenv( $name ), true ) ?? array();
	}

	function wp_dynamodb_active_region(): string {
		return wp_dynamodb_status()['active'];
	}

	function wp_dynamodb_endpoint( ?string $region = null ): string {
		return "http://endpoint.test/{$region}";
	}

	function wp_dynamodb_status(): array {
		if ( isset( wpd_test( 'WPD_TEST_STATUS' )['throws'] ) ) {
			throw new WpDynamoDb\ConfigException( wpd_test( 'WPD_TEST_STATUS' )['throws'] );
		}
		$region = array(
			'parameter_state' => 'ok',
			'parameter_value' => 'us-east-1',
			'parameter_error' => null,
			'calls'           => 3,
			'errors'          => 0,
			'last_error'      => null,
			'latency_ms'      => array( 'p50' => 1.5, 'p99' => 2.5 ),
			'drained'         => false,
			'breaker'         => array( 'state' => 'closed', 'since_ms' => null, 'opened' => 0, 'hold_ms' => null, 'cause' => null ),
			'history'         => array(
				array( 'at' => 1790000000, 'calls' => 2, 'errors' => 1, 'p50_ms' => 1.0, 'p99_ms' => 2.0 ),
				array( 'at' => 1790000060, 'calls' => 1, 'errors' => 0, 'p50_ms' => null, 'p99_ms' => null ),
			),
		);

		return array_replace_recursive(
			array(
				'version'          => '9.9.9',
				'pid'              => 1,
				'active'           => 'us-east-1',
				'route'            => 'us-east-1',
				'source'           => 'parameter',
				'why'              => 'active',
				'reason'           => 'said',
				'home'             => 'us-east-1',
				'table'            => 'sessions',
				'parameter'        => array( 'name' => '/active', 'value' => 'us-east-1', 'modified_ms' => 1, 'checked_age_ms' => 400, 'poller_pid' => 1 ),
				'regions'          => array( 'us-east-1' => $region, 'us-west-2' => $region ),
				'window'           => null,
				'items_failing_ms' => null,
				'items_outage_ms'  => null,
				'items_refused_ms' => null,
				'warnings'         => array(),
			),
			wpd_test( 'WPD_TEST_STATUS' )
		);
	}

	function wp_dynamodb_config(): array {
		$one = static fn ( string $value ): array => array( 'value' => $value, 'default' => '', 'source' => 'ini', 'allowed' => 'a text', 'meaning' => 'what it is' );

		return array(
			'wp_dynamodb.table'                     => $one( 'sessions' ),
			'wp_dynamodb.session_hash_key'          => $one( 'id' ),
			'wp_dynamodb.session_expires_attribute' => $one( 'expires' ),
		);
	}

	function wp_dynamodb_health( int $timeout_ms = 1500, bool $write = false ): array {
		return array( 'ok' => true, 'region' => 'us-east-1', 'table' => 'sessions', 'latency_ms' => 3.14159, 'error' => null, 'kind' => null );
	}

	function wp_dynamodb_describe( string $table, string $region ): array {
		$is = wpd_test( 'WPD_TEST_TABLES' )[ $table ] ?? array();
		$is = is_array( $is ) ? ( $is[ $region ] ?? $is ) : $is;
		switch ( $is ) {
			case 'access':
				throw new WpDynamoDb\AccessException( 'not allowed <b>' );
			case 'missing':
				throw new WpDynamoDb\ConfigException( 'no such table' );
			case 'unavailable':
				throw new WpDynamoDb\UnavailableException( 'connection refused' );
		}
		$key = static fn ( string $name, string $role ): array => array( 'name' => $name, 'kind' => 'S', 'role' => $role );

		return $is + array(
			'status'   => 'ACTIVE',
			'keys'     => 'sessions' === $table ? array( $key( 'id', 'HASH' ) ) : array( $key( 'user', 'HASH' ), $key( 'item', 'RANGE' ) ),
			'ttl'      => 'expires',
			'billing'  => 'PAY_PER_REQUEST',
			'replicas' => array_values( array_diff( array( 'us-east-1', 'us-west-2' ), array( $region ) ) ),
			'items'    => 0,
		);
	}

	function wp_dynamodb_query( string $table, array $key, ?array $options = null ): array {
		return array();
	}

	function wp_dynamodb_query_ahead( string $table, array $key, ?array $options = null ): void {}
}
