<?php

/** The REST routes: who may use them, what they take, what they answer. */
final class RestTest extends SiteTestCase {

	/** @return array{status: int, data: array<string, mixed>, cache: string} */
	private function ask( string $method, string $path, mixed $body = null, string $capability = 'manage_options' ): array {
		return $this->run_as(
			'$request = new WP_REST_Request( "' . $method . '", "/wp-dynamodb/v1' . $path . '" ); $request->set_header( "Content-Type", "application/json" );'
			. '$request->set_body( json_decode( ' . var_export( json_encode( is_string( $body ) ? $body : json_encode( $body ) ), true ) . ' ) );'
			. 'add_filter( "pre_set_site_transient_wp_dynamodb_tables", static function ( $value ) { $GLOBALS["kept"] = $value; return $value; } );'
			. '$answer = rest_do_request( $request );'
			. 'return array( "status" => $answer->get_status(), "data" => $answer->get_data(), "cache" => $answer->get_headers()["Cache-Control"] ?? "", "kept" => $GLOBALS["kept"] ?? null );',
			$capability
		);
	}

	/** @dataProvider routes */
	public function test_is_for_administrators( string $method, string $path ): void {
		$this->with_extension();

		foreach ( array( '' => 401, 'read' => 403, 'edit_others_posts' => 403 ) as $capability => $status ) {
			$answer = $this->ask( $method, $path, array( 'map' => '{}' ), $capability );
			$this->assertSame( $status, $answer['status'], $capability );
			$this->assertSame( 'You are not allowed to do this.', $answer['data']['message'] );
			$this->assertNull( $answer['kept'] );
		}
		$answer = $this->ask( $method, $path, array( 'map' => '{}' ) );
		$this->assertSame( array( 200, 'no-store' ), array( $answer['status'], $answer['cache'] ) );
	}

	public function routes(): array {
		return array( array( 'GET', '/status' ), array( 'GET', '/panel' ), array( 'POST', '/test' ), array( 'POST', '/preview' ) );
	}

	/** @dataProvider wrong_methods */
	public function test_what_changes_something_is_not_a_get( string $method, string $path ): void {
		$this->assertSame( 404, $this->ask( $method, $path )['status'] );
	}

	public function wrong_methods(): array {
		return array( array( 'GET', '/test' ), array( 'GET', '/preview' ), array( 'POST', '/status' ), array( 'DELETE', '/panel' ), array( 'GET', '/settings' ) );
	}

	public function test_the_state(): void {
		$this->with_extension( array( 'why' => 'bridged' ) );

		$data = $this->ask( 'GET', '/status' )['data'];

		$this->assertSame( array( 'warning', 'ok', '9.9.9', 'dynamodb', 'us-east-1' ), array( $data['level'], $data['extension'], $data['version'], $data['handler'], $data['status']['route'] ) );
	}

	public function test_what_stands_in_a_constant_in_the_way_is_not_told(): void {
		$this->with_extension();
		$this->site->constants = array( 'WP_DYNAMODB_REGION_MAP' => array( 'us-east-1' => array( 'BUCKET' => 'east' ) ), 'BUCKET' => 'not to be shown' );

		$data = $this->ask( 'GET', '/status' )['data'];

		$this->assertSame( array( 'BUCKET' => 'east' ), $data['constants']['conflicts'] );
		$this->assertStringNotContainsString( 'not to be shown', json_encode( $data ) );
	}

	public function test_the_state_without_the_extension(): void {
		$data = $this->ask( 'GET', '/status' )['data'];

		$this->assertSame( array( 'critical', 'missing', null ), array( $data['level'], $data['extension'], $data['status'] ) );
		$answer = $this->ask( 'POST', '/test' );
		$this->assertSame( 409, $answer['status'] );
		$this->assertNull( $answer['kept'] );
	}

	public function test_the_state_with_settings_that_are_refused(): void {
		$this->with_extension( array( 'throws' => 'bad <setting>' ) );

		$data = $this->ask( 'GET', '/status' )['data'];

		$this->assertSame( array( 'critical', 'broken', 'bad <setting>' ), array( $data['level'], $data['extension'], $data['error'] ) );
		$this->assertStringContainsString( 'bad &lt;setting&gt;', $this->ask( 'GET', '/panel' )['data']['html'] );
	}

	/** @dataProvider tables */
	public function test_test_connection( array $tables, string $says, string $in_panel ): void {
		$this->with_extension( array(), $tables );
		$this->site->constants['WP_DYNAMODB_LOGINS'] = true;

		$answer = $this->ask( 'POST', '/test' );

		$this->assertStringContainsString( $says, $answer['data']['says'] );
		$this->assertSame( array( 'sessions' => 'sessions', 'logins' => 'wordpress_logins' ), $answer['kept']['names'] );
		// The stand-in of the database keeps no transients.
		$panel = $this->run_as(
			'$GLOBALS["kept"] = json_decode( ' . var_export( json_encode( $answer['kept'] ), true ) . ', true );'
			. 'add_filter( "pre_site_transient_wp_dynamodb_tables", static fn () => $GLOBALS["kept"] ); return WP_DynamoDB\panel();'
		);
		$this->assertStringContainsString( $in_panel, $panel );
		$this->assertStringNotContainsString( '<b>', $panel );
	}

	public function tables(): array {
		$wrong_key = array( array( 'name' => 'id', 'kind' => 'S', 'role' => 'HASH' ) );

		return array(
			'well'          => array( array(), 'All tables are as they should be; us-east-1 answered in 3.1 ms.', 'as it should be' ),
			'missing'       => array( array( 'wordpress_logins' => 'missing' ), 'Some tables are not', 'aws dynamodb create-table --region us-east-1 --table-name wordpress_logins' ),
			'no replica'    => array( array( 'sessions' => array( 'us-west-2' => 'missing' ) ), 'Some tables are not', '--table-name sessions --replica-updates &#039;Create={RegionName=us-west-2' ),
			'denied'        => array( array( 'sessions' => 'access' ), 'Some tables are not', '&quot;arn:aws:dynamodb:*:*:table/wordpress_logins&quot;' ),
			'unreachable'   => array( array( 'sessions' => 'unavailable' ), 'Some tables are not', 'us-east-1: connection refused' ),
			'no TTL'        => array( array( 'sessions' => array( 'ttl' => null ) ), 'Some tables are not', 'aws dynamodb update-time-to-live --region us-east-1 --table-name sessions' ),
			'other TTL'     => array( array( 'sessions' => array( 'ttl' => 'when' ) ), 'Some tables are not', 'TTL looks at when; it must look at expires.' ),
			'other keys'    => array( array( 'wordpress_logins' => array( 'keys' => $wrong_key ) ), 'Some tables are not', 'Its keys are id (HASH); they must be user (HASH), item (RANGE).' ),
			'being created' => array( array( 'sessions' => array( 'status' => 'CREATING' ) ), 'Some tables are not', 'The table is not ready: CREATING.' ),
		);
	}

	/** @dataProvider partitions */
	public function test_the_policy_is_for_the_partition_of_the_regions( string $region, string $partition ): void {
		$policy = $this->site->run( "return WP_DynamoDB\\iam_policy( array( 'sessions' ), '/active', array( '{$region}' ) );" );

		$this->assertSame(
			array( array( "arn:{$partition}:dynamodb:*:*:table/sessions" ), "arn:{$partition}:ssm:*:*:parameter/active" ),
			array_column( json_decode( $policy, true )['Statement'], 'Resource' )
		);
	}

	public function partitions(): array {
		$partitions = array( 'us-east-1' => 'aws', 'eu-central-1' => 'aws', 'cn-north-1' => 'aws-cn', 'us-gov-west-1' => 'aws-us-gov' );
		$partitions += array( 'eusc-de-east-1' => 'aws-eusc', 'us-iso-east-1' => 'aws-iso', 'us-isob-east-1' => 'aws-iso-b' );
		return array_map( null, array_keys( $partitions ), $partitions );
	}

	/** @dataProvider previews */
	public function test_preview( mixed $body, int $status, string $expected ): void {
		$this->with_extension();
		$this->site->constants['TAKEN_NAME'] = 'not to be shown';

		$answer = $this->ask( 'POST', '/preview', $body );

		$this->assertSame( $status, $answer['status'] );
		$said = json_encode( $answer['data'], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
		$this->assertStringContainsString( $expected, $said );
		$this->assertStringNotContainsString( 'not to be shown', $said );
	}

	public function previews(): array {
		$map = static fn ( mixed $map ): array => array( 'map' => json_encode( $map ) );

		return array(
			'constants'         => array( $map( array( 'us-east-1' => array( 'BUCKET' => 'east', 'LAZY' => true ) ) ), 200, 'us-east-1: BUCKET = \"east\"' ),
			'rows'              => array( $map( array( 'us-east-1' => array( 'name' => array( 'BUCKET', '' ), 'value' => array( 'east', '' ) ) ) ), 200, 'us-east-1: BUCKET = \"east\"' ),
			'in the way'        => array( $map( array( 'us-east-1' => array( 'TAKEN_NAME' => 'x' ) ) ), 200, 'TAKEN_NAME is defined elsewhere: the map' ),
			'script'            => array( $map( array( 'us-east-1' => array( '<script>' => 'x' ) ) ), 200, 'is not a constant’s name' ),
			'reserved'          => array( $map( array( 'us-east-1' => array( 'DB_HOST' => 'x' ) ) ), 200, 'DB_HOST is reserved' ),
			'empty'             => array( $map( array() ), 200, '"defines":[]' ),
			'nothing'           => array( array(), 400, 'map' ),
			'array for text'    => array( array( 'map' => array( 'us-east-1' => array() ) ), 400, 'map' ),
			'no JSON'           => array( array( 'map' => '{' ), 400, 'not valid JSON' ),
			'JSON of a text'    => array( array( 'map' => '"x"' ), 400, 'not valid JSON' ),
			'nested too deep'   => array( array( 'map' => str_repeat( '[', 20 ) . str_repeat( ']', 20 ) ), 400, 'not valid JSON' ),
			'overlong'          => array( $map( array( 'us-east-1' => array( 'BUCKET' => str_repeat( 'x', 200000 ) ) ) ), 400, 'not valid JSON' ),
			'body without JSON' => array( '{', 400, 'JSON' ),
		);
	}
}
