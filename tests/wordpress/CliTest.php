<?php

/** The command line, against a stand-in of WP-CLI: what it prints, and with which code it ends. */
final class CliTest extends SiteTestCase {

	/**
	 * One command.
	 *
	 * @param array<string, mixed> $named Its options.
	 * @return array{said: list<string>, ended: int}
	 */
	private function wp( string $command, array $args = array(), array $named = array() ): array {
		return $this->run_as(
			'try { ( new ( WP_CLI::$commands["dynamodb"] )() )->' . $command . '( ' . var_export( $args, true ) . ', ' . var_export( $named, true ) . ' ); } catch ( Ended ) {}'
			. 'return array( "said" => $GLOBALS["said"], "ended" => $GLOBALS["ended"] );'
		);
	}

	/** @return list<array<string, mixed>> What it prints as JSON. */
	private function json( string $command ): array {
		return json_decode( implode( "\n", $this->wp( $command, array(), array( 'format' => 'json' ) )['said'] ), true );
	}

	protected function setUp(): void {
		parent::setUp();
		$this->site->before = __DIR__ . '/support/wp-cli.php';
	}

	public function test_status(): void {
		$this->with_extension( array( 'route' => 'us-west-2', 'why' => 'bridged', 'regions' => array( 'us-east-1' => array( 'breaker' => array( 'state' => 'open' ) ) ) ) );

		$table = $this->wp( 'status' );

		$this->assertSame(
			array( "us-east-1 | yes |  | open | us-east-1 | 1.5 | 3 | 0\nus-west-2 |  | yes | closed | us-east-1 | 1.5 | 3 | 0", 'extension: ok 9.9.9, handler: dynamodb, state: warning' ),
			$table['said']
		);
		$this->assertSame( 0, $table['ended'] );
		$this->assertSame( 'us-west-2', $this->json( 'status' )['status']['route'] );
		$this->assertStringStartsWith( 'us-east-1 | yes', $this->wp( 'status', array(), array( 'format' => 'csv' ) )['said'][0] );
	}

	/** @dataProvider bad_extensions */
	public function test_without_a_working_extension( ?string $extension, string $state ): void {
		$this->site->extension = $extension;

		$this->assertSame( array( 'said' => array( '', "extension: {$state}, handler: files, state: critical" ), 'ended' => 1 ), $this->wp( 'status' ) );
		foreach ( array( 'health' => array(), 'sessions' => array( 'ada' ), 'migrate' => array() ) as $command => $args ) {
			$ended = $this->wp( $command, $args );
			$this->assertSame( 1, $ended['ended'] );
			$this->assertStringStartsWith( 'Error: the PHP extension wp_dynamodb is ' . explode( ' ', $state )[0] . ' in this PHP', $ended['said'][0] );
		}
		$doctor = $this->wp( 'doctor' );
		$this->assertSame( 1, $doctor['ended'] );
		$this->assertStringStartsWith( 'no | The PHP extension wp_dynamodb is loaded | ', $doctor['said'][0] );
		$this->assertContains( array( 'name' => 'WP_DYNAMODB_LOGINS', 'value' => 'false', 'source' => 'default', 'default' => 'false' ), $this->json( 'config' ) );
	}

	public function bad_extensions(): array {
		return array( array( null, 'missing ' ), array( 'old', 'old 0.0.9' ) );
	}

	public function test_settings_with_their_sources(): void {
		$this->with_extension();
		$this->site->environment['WP_DYNAMODB_LOGINS_CAP'] = '9';
		$this->site->constants['WP_DYNAMODB_LOGINS']       = true;

		$rows = array_column( $this->json( 'config' ), null, 'name' );

		$this->assertSame( array( 'sessions', 'ini' ), array( $rows['wp_dynamodb.table']['value'], $rows['wp_dynamodb.table']['source'] ) );
		$this->assertSame( array( '9', 'environment' ), array( $rows['WP_DYNAMODB_LOGINS_CAP']['value'], $rows['WP_DYNAMODB_LOGINS_CAP']['source'] ) );
		$this->assertSame( array( 'true', 'constant' ), array( $rows['WP_DYNAMODB_LOGINS']['value'], $rows['WP_DYNAMODB_LOGINS']['source'] ) );
	}

	public function test_health(): void {
		$this->with_extension();

		$this->assertSame( array( 'said' => array( 'yes | us-east-1 | sessions | 3.14159 |  | ' ), 'ended' => 0 ), $this->wp( 'health' ) );
	}

	public function test_doctor_says_what_to_do(): void {
		$this->with_extension( array(), array( 'wordpress_logins' => 'missing' ) );
		$this->site->install_loader();
		$this->site->constants['WP_DYNAMODB_LOGINS'] = true;

		$doctor = $this->wp( 'doctor' );

		$this->assertSame( 1, $doctor['ended'] );
		$this->assertStringContainsString( 'no | The table wordpress_logins (login sessions) is in every Region | There is no such table. Create it,', $doctor['said'][0] );
		$this->assertStringContainsString( "\naws dynamodb create-table --region us-east-1 --table-name wordpress_logins", $doctor['said'][0] );

		$this->with_extension();
		$this->site->environment['WPD_TEST_TABLES'] = '{}';
		$this->assertSame( 0, $this->wp( 'doctor' )['ended'] );
	}

	public function test_logins_are_for_those_who_keep_them(): void {
		$this->with_extension();

		$this->assertSame( array( 'said' => array( 'Error: there is no user 7' ), 'ended' => 1 ), $this->wp( 'sessions', array( '7' ) ) );
		$this->assertSame( array( 'said' => array( 'Error: there is no user nobody' ), 'ended' => 1 ), $this->wp( 'sessions', array( 'nobody' ) ) );
		$this->assertSame( 1, $this->wp( 'migrate' )['ended'] );
		$this->site->constants['WP_DYNAMODB_LOGINS'] = true;
		$this->assertSame( array( 'said' => array( 'Success: 0 users, 0 sessions copied' ), 'ended' => 0 ), $this->wp( 'migrate' ) );
	}

	public function test_another_format_is_refused(): void {
		$this->with_extension();

		$this->assertSame( array( 'said' => array( 'Error: Invalid format: xml' ), 'ended' => 1 ), $this->wp( 'health', array(), array( 'format' => 'xml' ) ) );
	}
}
