<?php

use PHPUnit\Framework\TestCase;

/** A fresh site for every test, removed after it. */
abstract class SiteTestCase extends TestCase {

	protected Site $site;

	protected function setUp(): void {
		$this->site = new Site();
	}

	/**
	 * Runs PHP code in WordPress's administration as a user with one capability; '' for nobody.
	 *
	 * @param string $code       As for Site::run().
	 * @param string $capability Such as `manage_options`.
	 */
	protected function run_as( string $code, string $capability = 'manage_options' ): mixed {
		$user = '' === $capability ? '$GLOBALS["current_user"] = new WP_User();'
			: '$GLOBALS["current_user"] = new WP_User( (object) array( "ID" => 7, "user_login" => "ada" ) );'
			. 'add_filter( "user_has_cap", static fn () => array( "' . $capability . '" => true ) );';

		return $this->site->run(
			'require_once ABSPATH . "wp-admin/includes/admin.php";' . $user
			. 'add_filter( "wp_die_handler", static fn () => static function ( $text, $title, $options ) { throw new Exception( "refused " . $options["response"] ); } );'
			. $code
		);
	}

	/** The extension with all its functions; with parts of its status replaced. */
	protected function with_extension( array $status = array(), array $tables = array(), string $handler = 'dynamodb' ): void {
		$this->site->extension   = 'whole';
		$this->site->environment = array(
			'WPD_TEST_STATUS'  => json_encode( $status ),
			'WPD_TEST_TABLES'  => json_encode( $tables ),
			'WPD_TEST_HANDLER' => $handler,
		) + $this->site->environment;
	}

	protected function tearDown(): void {
		$this->site->remove();
	}
}
