<?php

final class LoaderTest extends SiteTestCase {

	/** An admin page without core's own look for updates, which would want the network. */
	private const ADMIN_PAGE = 'foreach ( array( "core", "plugins", "themes" ) as $what ) { remove_action( "admin_init", "_maybe_update_$what" ); } do_action( "admin_init" ); return 1;';

	private function installed(): ?string {
		$file = $this->site->mu_plugins() . '/wp-dynamodb-loader.php';

		return is_file( $file ) ? file_get_contents( $file ) : null;
	}

	private function shipped(): string {
		return file_get_contents( PLUGIN_DIR . '/mu/wp-dynamodb-loader.php' );
	}

	public function test_is_installed_on_activation_and_removed_on_deactivation(): void {
		rmdir( $this->site->mu_plugins() );

		$this->site->run( 'do_action( "activate_wp-dynamodb/wp-dynamodb.php", false ); return 1;' );
		$this->assertSame( $this->shipped(), $this->installed() );
		$this->assertSame( array( 'wp-dynamodb-loader.php' ), array_values( array_diff( scandir( $this->site->mu_plugins() ), array( '.', '..' ) ) ) );

		$this->site->run( 'do_action( "deactivate_wp-dynamodb/wp-dynamodb.php", false ); return 1;' );
		$this->assertNull( $this->installed() );
	}

	public function test_is_replaced_by_another_version_on_the_next_admin_page(): void {
		$old = str_replace( "'WP_DYNAMODB_LOADER_VERSION', '", "'WP_DYNAMODB_LOADER_VERSION', '0.0.", $this->shipped() );
		file_put_contents( $this->site->mu_plugins() . '/wp-dynamodb-loader.php', $old );

		$this->site->run( 'return 1;' );
		$this->assertSame( $old, $this->installed(), 'only administrators\' pages write files' );

		$this->site->run( self::ADMIN_PAGE );
		$this->assertSame( $this->shipped(), $this->installed() );
	}

	public function test_forbidden_changes_of_files_are_honoured(): void {
		$this->site->constants['DISALLOW_FILE_MODS'] = true;
		$this->site->run( 'do_action( "activate_wp-dynamodb/wp-dynamodb.php", false ); ' . self::ADMIN_PAGE );
		$this->assertNull( $this->installed() );

		$this->site->install_loader();
		$this->site->run( 'do_action( "deactivate_wp-dynamodb/wp-dynamodb.php", false ); return 1;' );
		$this->assertSame( $this->shipped(), $this->installed() );
	}

	public function test_somebody_elses_file_of_that_name_stays(): void {
		file_put_contents( $this->site->mu_plugins() . '/wp-dynamodb-loader.php', '<?php // Mine.' );

		$this->assertFalse( $this->site->run( 'return WP_DynamoDB\install_loader();' ) );
		$this->site->run( 'WP_DynamoDB\remove_loader(); return 1;' );
		$this->assertSame( '<?php // Mine.', $this->installed() );
	}

	public function test_a_folder_that_cannot_be_written_is_no_error_and_the_command_works(): void {
		rmdir( $this->site->mu_plugins() );
		touch( $this->site->mu_plugins() );

		$this->assertFalse( $this->site->run( 'return WP_DynamoDB\install_loader();' ) );
		$command = $this->site->run( 'return WP_DynamoDB\loader_command();' );

		unlink( $this->site->mu_plugins() );
		exec( $command, $output, $status );
		$this->assertSame( 0, $status );
		$this->assertSame( $this->shipped(), $this->installed() );
	}

	public function test_finds_a_renamed_plugin_folder(): void {
		$this->site->install_loader();
		$this->site->extension = 'east';
		rename( $this->site->plugin(), $this->site->plugin() . '-2.0' );
		$this->site->options['active_plugins'] = array( 'aaa-reader/aaa-reader.php', 'wp-dynamodb-2.0/wp-dynamodb.php' );

		$this->assertArrayHasKey( 'WP_DYNAMODB_ENDPOINT', $this->site->run( 'return $GLOBALS["seen_by_reader"];' ) );
	}

	/** @dataProvider absent_plugins */
	public function test_does_nothing_when_the_plugin_is( callable $make_absent ): void {
		$this->site->install_loader();
		$this->site->extension = 'east';
		$make_absent( $this->site );

		$this->assertSame( array(), $this->site->run( 'return $GLOBALS["seen_by_reader"];' ) );
		$this->assertFalse( $this->site->run( 'return defined( "WP_DYNAMODB_DIR" );' ) );
	}

	public function absent_plugins(): array {
		return array(
			'inactive'            => array( static fn ( Site $site ) => $site->options['active_plugins'] = array( 'aaa-reader/aaa-reader.php' ) ),
			'gone'                => array( static fn ( Site $site ) => Site::remove_folder( $site->plugin() ) ),
			'renamed by hand'     => array( static fn ( Site $site ) => rename( $site->plugin(), $site->plugin() . '.off' ) ),
			'outside the plugins' => array( static fn ( Site $site ) => $site->options['active_plugins'] = array( 'aaa-reader/aaa-reader.php', '../plugins/wp-dynamodb/wp-dynamodb.php' ) ),
		);
	}

	public function test_two_copies_of_the_plugin_do_not_collide(): void {
		$this->site->install_loader();
		Site::copy_folder( $this->site->plugin(), $this->site->plugin() . '-copy' );
		$this->site->options['active_plugins'] = array( 'wp-dynamodb-copy/wp-dynamodb.php', 'wp-dynamodb/wp-dynamodb.php' );

		$this->assertStringEndsWith( '/wp-dynamodb-copy', $this->site->run( 'return WP_DYNAMODB_DIR;' ) );
	}
}
