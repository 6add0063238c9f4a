<?php

/** What uninstalling takes from the files. What it takes from the database: tests/e2e/test_logins.py. */
final class UninstallTest extends SiteTestCase {

	/** Says whether anything was removed. */
	private const UNINSTALL = '$folder = "%s"; define( "WP_UNINSTALL_PLUGIN", "$folder/wp-dynamodb.php" ); require WP_PLUGIN_DIR . "/$folder/uninstall.php";'
		. 'return did_action( "delete_site_transient_wp_dynamodb_tables" ) > 0;';

	private function uninstall( string $folder ): bool {
		return $this->site->run( sprintf( self::UNINSTALL, $folder ) );
	}

	private function loader(): string {
		return $this->site->mu_plugins() . '/wp-dynamodb-loader.php';
	}

	public function test_the_loader_and_what_health_checks_have_found_go(): void {
		$this->site->install_loader();
		$this->site->options['active_plugins'] = array( 'aaa-reader/aaa-reader.php' );
		// No database has an empty name: nobody else's answer.
		$answer = '/dev/shm/wp-dynamodb-database-' . substr( hash( 'sha256', "\n\n" ), 0, 16 ) . '-' . posix_geteuid();
		touch( $answer );

		$this->assertTrue( $this->uninstall( 'wp-dynamodb' ) );
		$this->assertFileDoesNotExist( $this->loader() );
		$this->assertFileDoesNotExist( $answer );
	}

	public function test_somebody_elses_loader_stays(): void {
		file_put_contents( $this->loader(), '<?php // Not ours.' );
		$this->site->options['active_plugins'] = array( 'aaa-reader/aaa-reader.php' );

		$this->assertTrue( $this->uninstall( 'wp-dynamodb' ) );
		$this->assertFileExists( $this->loader() );
	}

	/** @dataProvider loaders */
	public function test_deleting_a_second_copy_takes_nothing_from_the_active_one( bool $with_loader ): void {
		if ( $with_loader ) {
			$this->site->install_loader();
		}
		Site::copy_folder( $this->site->plugin(), $this->site->plugin() . '-copy' );

		$this->assertFalse( $this->uninstall( 'wp-dynamodb-copy' ) );
		$this->assertSame( $with_loader, file_exists( $this->loader() ) );
	}

	public function loaders(): array {
		return array( 'with the loader' => array( true ), 'without' => array( false ) );
	}
}
