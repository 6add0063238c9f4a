<?php

/** The settings page as HTML, in states that a browser test has no stack for. What it looks like: tests/e2e/test_settings_page.py. */
final class PageTest extends SiteTestCase {

	private function page( string $capability = 'manage_options' ): string {
		return $this->run_as(
			'set_current_screen( "settings_page_wp-dynamodb" ); ob_start();'
			. 'try { WP_DynamoDB\show_page(); } catch ( Exception $told ) { return $told->getMessage() . ob_get_clean(); } return ob_get_clean();',
			$capability
		);
	}

	public function test_is_for_administrators(): void {
		$this->assertSame( 'refused 403', $this->page( 'edit_others_posts' ) );
		$this->assertSame( 'refused 403', $this->page( '' ) );
		$this->assertStringContainsString( 'name="_wpnonce"', $this->page() );
	}

	/** @dataProvider extensions */
	public function test_says_what_is_wrong_with_the_extension( ?string $extension, array $status, string $expected ): void {
		if ( 'whole' === $extension ) {
			$this->with_extension( $status );
		}
		$this->site->extension = $extension;

		$html = $this->page();

		$this->assertStringContainsString( 'Sessions are not safe in DynamoDB.', $html );
		$this->assertStringContainsString( $expected, $html );
		$this->assertStringNotContainsString( 'id="wpd-test"', $html );
	}

	public function extensions(): array {
		return array(
			'missing' => array( null, array(), 'It is not loaded in this PHP.' ),
			'old'     => array( 'old', array(), 'Version 0.0.9 is loaded, which is too old for version' ),
			'older'   => array( 'throws', array(), 'which is too old for version' ),
			'broken'  => array( 'whole', array( 'throws' => '<u>wp_dynamodb.regions' ), 'its settings are not valid, so no session is read or written: &lt;u&gt;wp_dynamodb.regions' ),
		);
	}

	public function test_nothing_from_outside_becomes_markup(): void {
		$script = '"><script>bad()</script>';
		$region = array( 'parameter_value' => $script, 'last_error' => array( 'kind' => 'access', 'message' => "{$script} (GetItem on table {$script})", 'age_ms' => 1 ) );
		$this->with_extension(
			array(
				'table'     => $script,
				'parameter' => array( 'name' => $script ),
				'warnings'  => array( $script ),
				'regions'   => array( 'us-east-1' => $region, 'us-west-2' => array( 'parameter_state' => 'missing' ) + $region ),
			)
		);
		$this->site->options['wp_dynamodb_settings']   = array( 'logins_table' => $script );
		$this->site->options['wp_dynamodb_region_map'] = array( 'us-east-1' => array( 'BUCKET' => $script, $script => 1 ), $script => array( 'X' => 1 ) );

		$html = $this->page();

		$this->assertStringNotContainsString( '<script>', $html );
		$this->assertStringNotContainsString( '""', str_replace( array( 'value=""', 'alt=""' ), '', $html ) );
		$this->assertGreaterThan( 8, substr_count( $html, '&lt;script&gt;bad()' ) );
	}

	/** @dataProvider homes */
	public function test_health_checks_ask_where_the_site_is( string $home, string $path ): void {
		$this->site->options['home'] = $home;

		$html = $this->page();

		$this->assertStringContainsString( "FullyQualifiedDomainName=site.test,Port=443,ResourcePath={$path}?level=ready,", $html );
		$this->assertStringContainsString( "--health-check-path &#039;{$path}?level=ready&#039; ", $html );
	}

	public function homes(): array {
		return array( array( 'http://site.test', '/healthz' ), array( 'http://site.test/blog', '/blog/healthz' ), array( 'http://site.test/a/b/', '/a/b/healthz' ) );
	}

	public function test_a_region_that_answered_nothing_has_no_slowest_minute(): void {
		$minute = array( 'calls' => 2, 'errors' => 2, 'p50_ms' => null, 'p99_ms' => null );
		$this->with_extension( array( 'regions' => array( 'us-west-2' => array( 'history' => array( $minute, $minute ) ) ) ) );

		$html = $this->page();

		$this->assertStringContainsString( '<figcaption>us-west-2, last hour: 4 calls, 4 failed; none succeeded.</figcaption>', $html );
		$this->assertStringContainsString( '<figcaption>us-east-1, last hour: 3 calls, 1 failed, slowest minute 2.0 ms (99th percentile).</figcaption>', $html );
	}

	/** @dataProvider missing_tables */
	public function test_the_name_of_a_missing_table_is_corrected_where_it_is_set( string $table, string $advice ): void {
		$message = "gone (Query on table {$table} in us-east-1): create table {$table} in us-east-1 as a replica of the global table, or correct wp_dynamodb.table";
		$error   = array( 'kind' => 'not_found', 'message' => $message, 'age_ms' => 1000 );
		$this->with_extension( array( 'regions' => array( 'us-east-1' => array( 'last_error' => $error ) ), 'warnings' => array( $message ) ) );

		$this->assertSame( 2, preg_match_all( '/as a replica of the global table' . preg_quote( $advice, '/' ) . '( \(|<\/li>)/', strstr( $this->page(), '<h2>Regions' ) ) );
	}

	public function missing_tables(): array {
		return array(
			array( 'sessions', ', or correct wp_dynamodb.table' ),
			array( 'wordpress_logins', ', or correct WP_DYNAMODB_LOGINS_TABLE' ),
			array( 'sessions_of_others', '' ),
		);
	}

	public function test_every_field_has_a_label_and_every_label_its_field(): void {
		$this->with_extension();
		$dom = new DOMDocument();
		@$dom->loadHTML( '<?xml encoding="UTF-8">' . $this->page() );
		$xpath = new DOMXPath( $dom );

		foreach ( $xpath->query( '//input[not(@type="hidden" or @type="submit")]' ) as $field ) {
			$id = $field->getAttribute( 'id' );
			$this->assertSame( 1, '' === $id ? $xpath->query( 'ancestor::label', $field )->length : $xpath->query( "//label[@for='{$id}']" )->length, $field->getAttribute( 'name' ) );
		}
		$ids = array_map( static fn ( DOMAttr $one ): string => $one->value, iterator_to_array( $xpath->query( '//@id[not(. = "_wpnonce")]' ) ) );
		$this->assertSame( array_unique( $ids ), $ids );
	}

	public function test_scripts_are_loaded_on_this_page_only(): void {
		$seen = $this->run_as(
			'WP_DynamoDB\enqueue_page( "settings_page_wp-dynamodb" );'
			. 'return array( wp_script_is( "wp-dynamodb" ), wp_style_is( "wp-dynamodb" ), implode( wp_scripts()->get_data( "wp-dynamodb", "before" ) ) );'
		);
		$this->assertSame( array( true, true ), array_slice( $seen, 0, 2 ) );
		$this->assertStringContainsString( '"rest":"http:\/\/site.test', $seen[2] );
		$this->assertSame( array( false ), $this->run_as( 'WP_DynamoDB\enqueue_page( "index.php" ); return array( wp_script_is( "wp-dynamodb" ) );' ) );
	}

	/** @dataProvider spans */
	public function test_ages( ?int $ms, string $expected ): void {
		$this->assertSame( $expected, $this->run_as( 'return WP_DynamoDB\age_text( ' . var_export( $ms, true ) . ' );' ) );
	}

	public function spans(): array {
		return array(
			array( null, 'never' ),
			array( 999, '0 seconds ago' ),
			array( 1999, '1 second ago' ),
			array( 119999, '119 seconds ago' ),
			array( 7200000, '2 hours ago' ),
			array( 90000000, '1 day ago' ),
		);
	}

	public function test_media_plugins_follow_the_region(): void {
		$this->site->constants = array( 'S3_UPLOADS_BUCKET' => 'media/wp', 'S3_UPLOADS_REGION' => 'us-west-2', 'AS3CF_BUCKET' => 'offload', 'AS3CF_REGION' => 'us-west-2' );
		$code                  = 'return array( apply_filters( "s3_uploads_bucket_url", "old" ), apply_filters( "as3cf_setting_bucket", "b" ), apply_filters( "as3cf_setting_region", "r" ) );';

		$this->assertSame( array( 'https://media.s3.us-west-2.amazonaws.com/wp', 'offload', 'us-west-2' ), $this->site->run( $code ) );

		$this->site->options['wp_dynamodb_settings'] = array( 'media' => false );
		$this->assertSame( array( 'old', 'b', 'r' ), $this->site->run( $code ) );

		$this->site->options['wp_dynamodb_settings'] = array();
		$this->site->constants                       = array( 'S3_UPLOADS_BUCKET' => 'media', 'S3_UPLOADS_REGION' => 'cn-north-1' );
		$this->assertSame( array( 'https://media.s3.cn-north-1.amazonaws.com.cn', 'b', 'r' ), $this->site->run( $code ) );
		$this->site->constants['S3_UPLOADS_BUCKET_URL'] = 'https://cdn.test';
		$this->assertSame( 'old', $this->site->run( $code )[0] );
	}
}
