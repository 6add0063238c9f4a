<?php

use PHPUnit\Framework\TestCase;

/** What the plugin directory and translators look at. */
final class PackageTest extends TestCase {

	private function text( string $file ): string {
		return file_get_contents( PLUGIN_DIR . '/' . $file );
	}

	/** @return list<string> Every PHP file, from the plugin's folder. */
	private function php_files(): array {
		$all = new RecursiveIteratorIterator( new RecursiveDirectoryIterator( PLUGIN_DIR, FilesystemIterator::SKIP_DOTS ) );

		return array_map(
			static fn ( SplFileInfo $file ): string => substr( $file->getPathname(), strlen( PLUGIN_DIR ) + 1 ),
			array_values( array_filter( iterator_to_array( $all ), static fn ( SplFileInfo $file ): bool => 'php' === $file->getExtension() ) )
		);
	}

	public function test_every_file_says_the_same_version(): void {
		$this->assertSame( 1, preg_match( '/^ \* Version: +(\S+)$/m', $this->text( 'wp-dynamodb.php' ), $header ) );
		$version = preg_quote( $header[1], '/' );

		$this->assertMatchesRegularExpression( "/^const VERSION = '{$version}';$/m", $this->text( 'inc/early.php' ) );
		$this->assertMatchesRegularExpression( "/^define\( 'WP_DYNAMODB_LOADER_VERSION', '{$version}' \);$/m", $this->text( 'mu/wp-dynamodb-loader.php' ) );
		$this->assertMatchesRegularExpression( "/^ \\* Version: +{$version}$/m", $this->text( 'mu/wp-dynamodb-loader.php' ) );
		$this->assertMatchesRegularExpression( "/^Stable tag: {$version}$/m", $this->text( 'readme.txt' ) );
		$this->assertMatchesRegularExpression( "/^= {$version} =$/m", $this->text( 'readme.txt' ) );
	}

	public function test_readme_keeps_the_directorys_limits(): void {
		$readme = $this->text( 'readme.txt' );
		preg_match( '/^Tags: (.+)$/m', $readme, $tags );
		$short = trim( explode( "\n\n", $readme )[1] );

		$this->assertLessThanOrEqual( 5, count( explode( ',', $tags[1] ) ) );
		$this->assertLessThanOrEqual( 150, strlen( $short ) );
		foreach ( array( 'Requires at least', 'Requires PHP', 'License', 'License URI' ) as $field ) {
			preg_match( "/^{$field}: (.+)$/m", $readme, $in_readme );
			preg_match( "/^ \\* {$field}: +(.+)$/m", $this->text( 'wp-dynamodb.php' ), $in_plugin );
			$this->assertSame( $in_plugin[1], $in_readme[1], $field );
		}
	}

	public function test_no_file_runs_when_opened_by_its_address(): void {
		foreach ( array_diff( $this->php_files(), array( 'healthz.php' ) ) as $file ) {
			$this->assertMatchesRegularExpression( "/^defined\( '(ABSPATH|WP_UNINSTALL_PLUGIN)' \) \|\| .*exit;$/m", $this->text( $file ), $file );
		}
	}

	public function test_the_strings_for_translators_are_those_of_the_code(): void {
		preg_match_all( '/^msgid "(.+)"$/m', preg_replace( '/"\n"/', '', $this->text( 'languages/wp-dynamodb.pot' ) ), $collected );

		$used = array();
		foreach ( $this->php_files() as $file ) {
			preg_match_all( "/\\b(?:(?:esc_html|esc_attr|)__\(\s+'([^']+)',\s+'wp-dynamodb'\s+\)|_n\( '([^']+)', ')/", $this->text( $file ), $found );
			array_push( $used, ...array_filter( array_merge( $found[1], $found[2] ) ) );
		}

		$this->assertNotEmpty( $used );
		$this->assertEqualsCanonicalizing( array_unique( $used ), $collected[1], 'run tests/wordpress/update-pot' );
	}
}
