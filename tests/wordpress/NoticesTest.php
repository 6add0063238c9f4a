<?php

final class NoticesTest extends SiteTestCase {

	/** The notices of an admin screen, for a user who has one capability. */
	private function notices( string $screen = 'dashboard', string $capability = 'manage_options' ): string {
		return $this->site->run(
			'require_once ABSPATH . "wp-admin/includes/admin.php";'
			. 'add_filter( "user_has_cap", static fn () => array( "' . $capability . '" => true ) );'
			. 'set_current_screen( "' . $screen . '" );'
			. 'ob_start(); WP_DynamoDB\show_notices(); return ob_get_clean();'
		);
	}

	public function test_says_what_is_missing_and_how_to_get_it(): void {
		$this->site->install_loader();

		$html = $this->notices();

		$this->assertStringContainsString( 'The PHP extension wp_dynamodb is not loaded', $html );
		$this->assertStringContainsString( 'extension=wp_dynamodb', $html );
		$this->assertMatchesRegularExpression( '/action=wp_dynamodb_dismiss&#038;notice=extension&#038;_wpnonce=[0-9a-f]{10}/', $html );
		$this->assertSame( 1, substr_count( $html, '<div' ) );
	}

	public function test_is_silent_when_all_is_well(): void {
		$this->site->install_loader();
		$this->site->extension = 'east';

		$this->assertSame( '', $this->notices() );
	}

	public function test_is_for_administrators_and_two_screens_only(): void {
		$this->assertSame( '', $this->notices( 'dashboard', 'edit_posts' ) );
		$this->assertSame( '', $this->notices( 'edit-post' ) );
		$this->assertNotSame( '', $this->notices( 'plugins' ) );
	}

	public function test_shows_conflicts_bad_maps_and_errors_as_text(): void {
		$this->site->install_loader();
		$this->site->extension   = 'markup';
		$this->site->environment = array( 'AWS_REGION' => 'us-east-1' );
		$this->site->constants   = array(
			'S3_UPLOADS_REGION'      => 'not to be shown',
			'WP_DYNAMODB_REGION_MAP' => array( 'us-east-1' => array( 'S3_UPLOADS_REGION' => '<b>east</b>', '<i>' => 1 ), '<u>' => array() ),
		);

		$html = $this->notices();

		foreach ( array( '<script', '<b>', '<i>', '<u>' ) as $markup ) {
			$this->assertStringNotContainsString( $markup, $html );
		}
		$this->assertStringContainsString( '&lt;script&gt;bad()', $html );
		$this->assertStringContainsString( 'S3_UPLOADS_REGION is already defined with another value; for the active Region it would be &quot;&lt;b&gt;east&lt;/b&gt;&quot;.', $html );
		$this->assertStringNotContainsString( 'not to be shown', $html );
		$this->assertStringContainsString( '“&lt;u&gt;” is not the name of an AWS Region', $html );
		$this->assertStringContainsString( 'us-east-1: “&lt;i&gt;” is not a constant', $html );
	}

	public function test_gives_the_command_when_the_loader_cannot_be_written(): void {
		$this->site->extension                       = 'east';
		$this->site->constants['DISALLOW_FILE_MODS'] = true;

		$command = "install -D -m 0644 '{$this->site->plugin()}/mu/wp-dynamodb-loader.php' '{$this->site->mu_plugins()}/wp-dynamodb-loader.php'";
		$this->assertStringContainsString( '<code>' . htmlspecialchars( $command, ENT_QUOTES | ENT_HTML401 ) . '</code>', $this->notices() );
	}

	/** @dataProvider forged_dismissals */
	public function test_dismissing_needs_nonce_and_capability( string $nonce, string $capability, string $expected ): void {
		$seen = $this->site->run(
			'$GLOBALS["current_user"] = new WP_User( (object) array( "ID" => 7, "user_login" => "ada" ) );'
			. 'add_filter( "user_has_cap", static fn () => array( "' . $capability . '" => true ) );'
			. 'add_filter( "wp_die_handler", static fn () => static function ( $text, $title, $options ) { throw new Exception( "refused " . $options["response"] ); } );'
			. 'add_filter( "update_user_metadata", static function () { throw new Exception( "stored" ); } );'
			. '$_REQUEST["_wpnonce"] = ' . $nonce . ';'
			. 'try { do_action( "admin_post_wp_dynamodb_dismiss" ); } catch ( Exception $told ) { return $told->getMessage(); }'
		);

		$this->assertSame( $expected, $seen );
	}

	public function forged_dismissals(): array {
		return array(
			array( 'wp_create_nonce( "wp_dynamodb_dismiss_extension" )', 'manage_options', 'stored' ),
			array( '"0123456789"', 'manage_options', 'refused 403' ),
			array( 'wp_create_nonce( "wp_dynamodb_dismiss_extension" )', 'edit_posts', 'refused 403' ),
		);
	}
}
