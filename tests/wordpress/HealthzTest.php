<?php

final class HealthzTest extends SiteTestCase {

	private const DIRECT = '/wp-content/plugins/wp-dynamodb/healthz.php?secret=test-secret';

	protected function setUp(): void {
		parent::setUp();
		$this->site->environment = array( 'WP_DYNAMODB_HEALTHZ_SECRET' => 'test-secret' );
	}

	private function assert_health( int $status, string $body, array $answer ): void {
		$this->assertSame( $body, $answer['body'] );
		$this->assertSame( $status, $answer['status'] );
		$this->assertSame( 'no-store', $answer['headers']['cache-control'] );
		$this->assertSame( 'text/plain; charset=utf-8', $answer['headers']['content-type'] );
		$this->assertSame( 'noindex, nofollow', $answer['headers']['x-robots-tag'] );
		foreach ( array( 'set-cookie', 'x-powered-by', 'location', 'expires', 'pragma' ) as $name ) {
			$this->assertArrayNotHasKey( $name, $answer['headers'] );
		}
	}

	public function test_healthy(): void {
		$this->site->extension = 'east';

		$this->assert_health( 200, "OK\nregion: us-east-1\nlatency_ms: 3.1\n", $this->site->serve()->request( self::DIRECT ) );
	}

	public function test_strangers_learn_nothing_but_the_health(): void {
		$this->site->extension = 'east';

		$server = $this->site->serve();
		foreach ( array( '', '?secret=', '?secret=wrong', '?secret[]=test-secret' ) as $query ) {
			$this->assert_health( 200, "OK\n", $server->request( strtok( self::DIRECT, '?' ) . $query ) );
		}
		$this->assert_health( 403, "FAIL\n", $server->request( strtok( self::DIRECT, '?' ) . '?metrics=1' ) );
		$this->assert_health( 400, "FAIL\n", $server->request( strtok( self::DIRECT, '?' ) . '?level[]=live' ) );
	}

	public function test_alive_without_the_extension_but_not_ready(): void {
		$server = $this->site->serve();

		$this->assert_health( 200, "OK\n", $server->request( self::DIRECT . '&level=live' ) );
		$this->assert_health( 503, "FAIL\ncause: extension missing\n", $server->request( self::DIRECT . '&level=ready' ) );
	}

	public function test_a_configuration_that_ends_php_is_no_health(): void {
		$this->site->extension   = 'east';
		$this->site->environment += array( 'WP_DYNAMODB_CONFIG' => $this->site->dir . '/wp-config.php' );
		file_put_contents( $this->site->dir . '/wp-config.php', "<?php echo 'secret words'; exit;" );

		$this->assert_health( 503, "FAIL\n", $this->site->serve()->request( self::DIRECT . '&level=ready' ) );
	}

	public function test_without_the_extension(): void {
		$this->assert_health( 503, "FAIL\ncause: extension missing\n", $this->site->serve()->request( self::DIRECT ) );
	}

	public function test_an_exception_tells_nothing(): void {
		$this->site->extension = 'throws';

		$this->assert_health( 503, "FAIL\ncause: configuration\n", $this->site->serve()->request( self::DIRECT ) );
	}

	public function test_down_is_said_in_time_and_first_whatever_was_printed_before(): void {
		$this->site->extension = 'down';

		$answer = $this->site->serve( 'output_buffering=4096' )->request( self::DIRECT );

		$this->assert_health( 503, "FAIL\nregion: us-east-1 X y\nlatency_ms: 1300.0\ncause: timeout\n", $answer );
		$this->assertLessThan( 1.5, $answer['seconds'] );
	}

	public function test_head_has_the_status_and_no_body(): void {
		$this->assert_health( 503, '', $this->site->serve()->request( self::DIRECT, 'HEAD' ) );
	}

	/** @dataProvider homes */
	public function test_without_mapping_the_loader_answers( string $home, string $path, bool $answers ): void {
		$this->site->install_loader();
		$this->site->extension       = 'east';
		$this->site->options['home'] = $home;

		$answer = $this->site->serve()->request( $path );

		if ( $answers ) {
			$this->assert_health( 200, "OK\n", $answer );
		} else {
			$this->assertStringStartsNotWith( 'OK', $answer['body'] );
		}
	}

	public function homes(): array {
		return array(
			array( 'http://site.test', '/healthz', true ),
			array( 'http://site.test', '/healthz?x=1', true ),
			array( 'http://site.test/blog', '/blog/healthz', true ),
			array( 'http://site.test/blog/', '/blog/healthz', true ),
			array( 'http://site.test/blog', '/healthz', false ),
			array( 'http://site.test', '/a/healthz', false ),
			array( 'http://site.test', '/healthz/', false ),
			array( 'http://site.test', '/?x=/healthz', false ),
		);
	}
}
