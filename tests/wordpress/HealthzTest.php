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

	/** A wp-config.php whose database is at a port of this machine. */
	private function database_at( string $address ): void {
		$this->site->extension    = 'east';
		$this->site->environment += array( 'WP_DYNAMODB_CONFIG' => $this->site->dir . '/wp-config.php' );
		$settings = array( 'DB_HOST' => $address, 'DB_USER' => 'u', 'DB_PASSWORD' => 'p', 'DB_NAME' => 'n' );
		file_put_contents( $this->site->dir . '/wp-config.php', '<?php foreach ( ' . var_export( $settings, true ) . ' as $name => $value ) { define( $name, $value ); }' );
	}

	/** @return array{0: resource, 1: string} A server that takes connections and says nothing, and its address. */
	private function silent_database(): array {
		$server = stream_socket_server( 'tcp://127.0.0.1:0' );

		return array( $server, stream_socket_get_name( $server, false ) );
	}

	/** @param resource $server How many have come since it was asked last. */
	private function connections( $server ): int {
		for ( $count = 0; @stream_socket_accept( $server, 0 ); $count++ ) {
			continue;
		}

		return $count;
	}

	public function test_a_database_that_says_nothing_is_said_in_time(): void {
		list( , $address ) = $this->silent_database();
		$this->database_at( $address );

		$answer = $this->site->serve( ...$this->folder_of_answers() )->request( self::DIRECT . '&level=ready' );

		$this->assert_health( 503, "FAIL\ncause: database\n", $answer );
		$this->assertLessThan( 1.5, $answer['seconds'] );
	}

	/** @dataProvider slow_greetings */
	public function test_a_database_that_speaks_slowly_is_said_in_time( float $pause, string $cause ): void {
		$code    = 'list( , $greeting, $pause ) = $argv; $server = stream_socket_server( "tcp://127.0.0.1:0" ); echo stream_socket_get_name( $server, false ), "\n";'
			. 'while ( $client = stream_socket_accept( $server, 60 ) ) {'
			. 'foreach ( str_split( hex2bin( $greeting ), $pause ? 1 : 99 ) as $byte ) { @fwrite( $client, $byte ); usleep( (int) ( 1e6 * $pause ) ); } fread( $client, 99 ); fclose( $client ); }';
		// "Too many connections", instead of a greeting.
		$refusal = bin2hex( "\x17\0\0\0\xff\x10\x04Too many connections" );
		$server  = proc_open( array( PHP_BINARY, '-n', '-r', $code, '--', $refusal, (string) $pause ), array( 1 => array( 'pipe', 'w' ) ), $pipes );
		$this->database_at( trim( fgets( $pipes[1] ) ) );

		$answer = $this->site->serve( ...$this->folder_of_answers() )->request( self::DIRECT . '&level=ready' );
		proc_terminate( $server );

		$this->assert_health( 503, "FAIL\ncause: {$cause}\n", $answer );
		$this->assertLessThan( 1.5, $answer['seconds'] );
	}

	/** @return array{0: resource, 1: string} A database that logs everybody in, and its log; sessions/pause says how slowly. */
	private function database( float|string $pause ): array {
		$this->greets_after( $pause );
		$log    = "{$this->site->dir}/database.log";
		$script = __DIR__ . '/support/database.php';
		$server = proc_open( array( PHP_BINARY, '-n', $script, $log, "{$this->site->dir}/sessions/pause" ), array( 1 => array( 'pipe', 'w' ) ), $pipes );
		$this->database_at( trim( fgets( $pipes[1] ) ) );

		return array( $server, $log );
	}

	private function greets_after( float|string $pause ): void {
		file_put_contents( "{$this->site->dir}/sessions/pause", (string) $pause );
	}

	/** @return list<string> The answers to questions of which each is asked when the last answer does not count any more. */
	private function answers_in_time( WebServer $server, int $questions ): array {
		for ( $asked = 0; $asked < $questions; $asked++ ) {
			$answer = $server->request( self::DIRECT . '&level=ready' );
			$this->assertLessThan( 1.5, $answer['seconds'] );
			$said[] = strtok( $answer['body'], "\n" );
			usleep( 1100000 );
		}

		return $said;
	}

	/**
	 * As one that is far away does, or one that looks up the names of those who come.
	 *
	 * @dataProvider late_greetings
	 */
	public function test_a_database_that_greets_late_is_well( float|string $pause, array $said ): void {
		list( $database ) = $this->database( $pause );
		$server           = $this->site->serve( ...$this->folder_of_answers() );

		$this->assertSame( $said, $this->answers_in_time( $server, 3 ) );
		proc_terminate( $database );
	}

	public function late_greetings(): array {
		return array(
			'at a distance' => array( 0.36, array( 'OK', 'OK', 'OK' ) ),
			'late'          => array( 0.75, array( 'FAIL', 'OK', 'OK' ) ),
			'logs in late'  => array( '0.3 0.5', array( 'FAIL', 'OK', 'OK' ) ),
			'too late'      => array( 1.2, array( 'FAIL', 'FAIL', 'FAIL' ) ),
		);
	}

	public function test_a_database_that_greets_again_is_well_again(): void {
		list( $database ) = $this->database( 1.2 );
		$server           = $this->site->serve( ...$this->folder_of_answers() );
		$this->assertSame( array( 'FAIL' ), $this->answers_in_time( $server, 1 ) );
		$this->greets_after( 0.75 );
		$this->assertSame( array( 'FAIL', 'OK' ), $this->answers_in_time( $server, 2 ) );
		$this->greets_after( 1.2 );
		$this->assertSame( array( 'FAIL' ), $this->answers_in_time( $server, 1 ) );
		$this->greets_after( 0 );
		$this->assertSame( array( 'OK' ), $this->answers_in_time( $server, 1 ) );
		proc_terminate( $database );
	}

	public function test_a_database_that_is_well_is_met_by_nobody_who_only_listens(): void {
		list( $database, $log ) = $this->database( 0 );
		$server                 = $this->site->serve( ...$this->folder_of_answers() );

		$this->assertSame( array( 'OK', 'OK', 'OK' ), $this->answers_in_time( $server, 3 ) );
		// The first one waited for the greeting, and then logged in.
		$this->assertCount( 4, file( $log ) );
		proc_terminate( $database );
	}

	public function slow_greetings(): array {
		return array( 'a byte a second' => array( 0.9, 'database' ), 'at once' => array( 0, 'database refuses' ) );
	}

	public function test_the_database_is_asked_once_a_second_by_the_whole_host(): void {
		list( $database, $address ) = $this->silent_database();
		$this->database_at( $address );
		// Each is a process of its own.
		$servers = array( $this->site->serve( ...$this->folder_of_answers() ), $this->site->serve( ...$this->folder_of_answers() ) );
		$began   = microtime( true );
		for ( $asked = 0; microtime( true ) - $began < 2; $asked++ ) {
			$said[ $servers[ $asked % 2 ]->request( self::DIRECT . '&level=ready' )['body'] ] = true;
		}

		$this->assertSame( array( "FAIL\ncause: database\n" => true ), $said );
		$this->assertGreaterThan( 20, $asked );
		$this->assertLessThanOrEqual( 3, $this->connections( $database ) );
	}

	public function test_who_waits_for_another_one_asks_nobody_and_waits_not_for_ever(): void {
		list( $database, $address ) = $this->silent_database();
		$this->database_at( $address );
		$server = $this->site->serve( ...$this->folder_of_answers() );
		$server->request( self::DIRECT . '&level=ready' );
		$this->connections( $database );
		$asking = fopen( $this->answers()[0], 'r' );
		flock( $asking, LOCK_EX );
		usleep( 1000000 );

		$answer = $server->request( self::DIRECT . '&level=ready' );

		$this->assert_health( 503, "FAIL\ncause: database\n", $answer );
		$this->assertLessThan( 1.5, $answer['seconds'] );
		$this->assertSame( 0, $this->connections( $database ) );
	}

	public function test_who_has_waited_for_one_that_was_cut_off_has_no_time_to_ask(): void {
		list( $database, $address ) = $this->silent_database();
		$this->database_at( $address );
		$server = $this->site->serve( ...$this->folder_of_answers() );
		$server->request( self::DIRECT . '&level=ready' );
		$this->connections( $database );
		usleep( 1000000 );
		$code   = '$asking = fopen( $argv[1], "r" ); flock( $asking, LOCK_EX ); echo "asking\n"; usleep( 700000 );';
		$asking = proc_open( array( PHP_BINARY, '-n', '-r', $code, '--', $this->answers()[0] ), array( 1 => array( 'pipe', 'w' ) ), $pipes );
		fgets( $pipes[1] );

		$answer = $server->request( self::DIRECT . '&level=ready' );

		proc_close( $asking );
		$this->assert_health( 503, "FAIL\ncause: database\n", $answer );
		$this->assertLessThan( 1.5, $answer['seconds'] );
		$this->assertSame( 0, $this->connections( $database ) );
	}

	/** @return list<string> Settings that leave PHP one folder to write to. */
	private function folder_of_answers( string $folder = 'sessions' ): array {
		return array( "sys_temp_dir={$this->site->dir}/{$folder}", 'open_basedir=' . $this->site->dir . ':' . __DIR__ . '/support' );
	}

	/** @return list<string> The files that hold answers. */
	private function answers(): array {
		return glob( "{$this->site->dir}/sessions/wp-dynamodb-database-*" );
	}

	public function test_where_nothing_can_be_written_it_is_asked_all_the_same(): void {
		list( $database, $address ) = $this->silent_database();
		$this->database_at( $address );
		$server = $this->site->serve( ...$this->folder_of_answers( 'missing' ) );

		foreach ( range( 1, 2 ) as $time ) {
			$answer = $server->request( self::DIRECT . '&level=ready' );
			$this->assert_health( 503, "FAIL\ncause: database\n", $answer );
			$this->assertLessThan( 1.5, $answer['seconds'] );
		}
		$this->assertSame( 2, $this->connections( $database ) );
		$this->assertStringNotContainsString( 'Warning', file_get_contents( $this->site->dir . '/server.log' ) );
	}

	/**
	 * As somebody would who wants to hear that all is well.
	 *
	 * @dataProvider forgeries
	 */
	public function test_what_somebody_has_put_in_the_place_of_an_answer_is_not_used( callable $put, bool $needs_root = false ): void {
		if ( $needs_root && 0 !== posix_geteuid() ) {
			$this->markTestSkipped( 'only root can give a file away' );
		}
		list( , $address ) = $this->silent_database();
		$this->database_at( $address );
		$server = $this->site->serve( ...$this->folder_of_answers() );
		$server->request( self::DIRECT . '&level=ready' );
		list( $file ) = $this->answers();
		$this->assertSame( 0600, fileperms( $file ) & 0777 );
		rename( $file, "{$this->site->dir}/mine" );
		file_put_contents( "{$this->site->dir}/mine", sprintf( '%.3F', microtime( true ) + 0.1 ) );
		$put( "{$this->site->dir}/mine", $file );
		$before = file_get_contents( $file );
		usleep( 150000 );

		$this->assert_health( 503, "FAIL\ncause: database\n", $server->request( self::DIRECT . '&level=ready' ) );
		$this->assertSame( $before, file_get_contents( $file ) );
	}

	public function forgeries(): array {
		return array(
			'a link'                => array( 'symlink' ),
			'a second name'         => array( 'link' ),
			'a file of another one' => array(
				static fn ( string $mine, string $file ): bool => copy( $mine, $file ) && chown( $file, 65534 ),
				true,
			),
		);
	}

	public function test_an_answer_of_the_future_does_not_count(): void {
		list( , $address ) = $this->silent_database();
		$this->database_at( $address );
		$server = $this->site->serve( ...$this->folder_of_answers() );
		$server->request( self::DIRECT . '&level=ready' );
		file_put_contents( $this->answers()[0], sprintf( '%.3F', microtime( true ) + 3600 ) );

		$this->assert_health( 503, "FAIL\ncause: database\n", $server->request( self::DIRECT . '&level=ready' ) );
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
