<?php

/** What Site Health says in every state, its debug information, and the state in the admin bar. */
final class SiteHealthTest extends SiteTestCase {

	/** @return array<string, array<string, mixed>> The tests' results by name. */
	private function results( string $capability = 'manage_options' ): array {
		return $this->run_as(
			'$all = array(); foreach ( apply_filters( "site_status_tests", array( "direct" => array() ) )["direct"] as $name => $test ) {'
			. '$all[ substr( $name, 12 ) ] = ( $test["test"] )(); } return $all;',
			$capability
		);
	}

	/** @return array<string, string> */
	private function levels(): array {
		return array_map( static fn ( array $result ): string => $result['status'], $this->results() );
	}

	public function test_all_is_well(): void {
		$this->with_extension();
		$this->site->install_loader();
		$this->site->constants['WP_DYNAMODB_LOGINS'] = true;

		$results = $this->results();

		$this->assertSame( array( 'sessions', 'regions', 'logins', 'constants' ), array_keys( $results ) );
		foreach ( $results as $name => $result ) {
			$this->assertSame( 'good', $result['status'], $name );
			$this->assertSame( "wp_dynamodb_{$name}", $result['test'] );
			$this->assertStringContainsString( 'options-general.php?page=wp-dynamodb', $result['actions'] );
			$this->assertMatchesRegularExpression( '#^<p>.+</p>$#s', $result['description'] );
		}
		$this->assertSame( '', $this->results( 'view_site_health_checks' )['regions']['actions'] );
	}

	/** @dataProvider states */
	public function test_says_how_bad_it_is( array $status, array $expected, string $text ): void {
		$this->with_extension( $status );
		$this->site->install_loader();
		$this->site->constants['WP_DYNAMODB_LOGINS'] = true;

		$results = $this->results();

		$levels = array_map( static fn ( array $result ): string => $result['status'], $results );
		$this->assertSame( $expected + array_fill_keys( array_keys( $levels ), 'good' ), array_replace( $expected, $levels ) );
		$this->assertStringContainsString( $text, implode( array_column( $results, 'label' ) ) . implode( array_column( $results, 'description' ) ) );
	}

	public function states(): array {
		$west  = static fn ( string $parameter ): array => array( 'regions' => array( 'us-west-2' => array( 'parameter_state' => $parameter ) ) );
		$gone  = 'gone (GetItem on table sessions in us-east-1)';
		$error = static fn ( string $kind, string $message, int $age = 1000 ): array
			=> array( 'regions' => array( 'us-east-1' => array( 'last_error' => array( 'kind' => $kind, 'message' => $message, 'age_ms' => $age ) ) ) );

		return array(
			'bridged'             => array( array( 'why' => 'bridged', 'route' => 'us-west-2' ), array( 'regions' => 'recommended' ), 'stands in' ),
			'no Region'           => array( array( 'why' => 'none_healthy' ), array( 'regions' => 'critical' ), 'No Region answers' ),
			'parameter missing'   => array( $west( 'missing' ), array( 'regions' => 'recommended' ), '/active cannot be read in us-west-2' ),
			'pinned'              => array( array( 'source' => 'pin' ) + $west( 'missing' ), array(), 'All AWS Regions are well' ),
			'table missing'       => array( $error( 'not_found', "{$gone}: <i>" ), array( 'sessions' => 'critical' ), "{$gone}: &lt;i&gt;" ),
			'long ago'            => array( $error( 'not_found', $gone, 60000 ), array(), 'PHP sessions are kept' ),
			'another table'       => array( $error( 'access', 'no (Query on table sessions_of_logins in us-east-1)' ), array(), 'PHP sessions are kept' ),
			'throttled'           => array( $error( 'throttled', 'slow down (GetItem on table sessions in us-east-1)' ), array(), 'PHP sessions are kept' ),
			'logins fail'         => array( array( 'items_failing_ms' => 5000 ), array( 'logins' => 'critical' ), 'They failed first 5 seconds ago.' ),
		);
	}

	public function test_without_the_extension(): void {
		$this->assertSame( array( 'sessions' => 'critical', 'regions' => 'recommended', 'logins' => 'recommended', 'constants' => 'recommended' ), $this->levels() );
	}

	public function test_with_an_extension_that_is_too_old(): void {
		$this->site->extension = 'old';
		$this->site->install_loader();

		$results = $this->results();

		$this->assertSame( array( 'critical', 'recommended', 'recommended', 'good' ), array_column( $results, 'status' ) );
		$this->assertStringContainsString( 'Version 0.0.9 is loaded, which is too old', $results['sessions']['description'] );
	}

	public function test_with_settings_that_the_extension_refuses(): void {
		$this->site->extension                       = 'throws';
		$this->site->constants['WP_DYNAMODB_LOGINS'] = true;

		$this->assertSame( array( 'critical', 'recommended', 'critical', 'recommended' ), array_column( $this->results(), 'status' ) );
	}

	public function test_with_another_handler(): void {
		$this->with_extension( array(), array(), 'files' );

		$this->assertStringContainsString( 'session.save_handler is files', $this->results()['sessions']['description'] );
	}

	/** @dataProvider extensions */
	public function test_debug_information( ?string $extension, string $expected ): void {
		$this->site->extension                           = $extension;
		$this->site->constants['WP_DYNAMODB_LOGINS_CAP'] = 7;

		$fields = $this->run_as( 'return apply_filters( "debug_information", array() );' )['wp-dynamodb']['fields'];

		$this->assertSame( $expected, $fields['extension']['value'] );
		$this->assertSame( '7 (constant)', $fields['setting_logins_cap']['value'] );
		$this->assertSame( 'missing', $fields['loader']['value'] );
		$this->assertSame( 'whole' === $extension, isset( $fields['region_us-west-2'] ) );
	}

	public function extensions(): array {
		return array( array( null, 'missing' ), array( 'old', 'old 0.0.9' ), array( 'throws', 'old' ), array( 'whole', 'ok 9.9.9' ) );
	}

	/** The node in the admin bar, or null. */
	private function bar( string $capability = 'manage_options' ): ?array {
		return $this->run_as(
			'require_once ABSPATH . WPINC . "/class-wp-admin-bar.php"; $bar = new WP_Admin_Bar(); do_action( "admin_bar_menu", $bar );'
			. 'return $bar->get_node( "wp-dynamodb" );',
			$capability
		);
	}

	public function test_the_state_is_in_the_admin_bar_for_administrators(): void {
		$this->with_extension( array( 'route' => 'us-<i>' ) );

		$node = $this->bar();

		$this->assertSame( '<span aria-hidden="true">✓</span> us-&lt;i&gt; <span class="screen-reader-text">(all is well)</span>', $node['title'] );
		$this->assertSame( 'http://site.test/wp-admin/options-general.php?page=wp-dynamodb', $node['href'] );
		$this->assertNull( $this->bar( 'edit_posts' ) );
		$this->assertNull( $this->bar( '' ) );
	}

	public function test_the_admin_bar_without_the_extension_and_switched_off(): void {
		$this->assertStringContainsString( 'no extension', $this->bar()['title'] );

		$this->site->options['wp_dynamodb_settings'] = array( 'admin_bar' => false );
		$this->assertNull( $this->bar() );
	}

	public function test_the_list_of_plugins_links_to_the_page(): void {
		$links = static fn (): string => 'return apply_filters( "plugin_action_links_wp-dynamodb/wp-dynamodb.php", array() );';

		$this->assertStringContainsString( 'options-general.php?page=wp-dynamodb">Settings</a>', $this->run_as( $links() )['settings'] );
		$this->assertSame( array(), $this->run_as( $links(), 'activate_plugins' ) );
	}
}
