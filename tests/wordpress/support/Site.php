<?php
/**
 * A real WordPress with its own wp-content in a temporary folder. Each request is a PHP process of its
 * own, because constants last as long as their process. Options are given, not stored: support/content/db.php
 * stands in for the database.
 */
final class Site {

	/** The site's folder; wp-content is below it. */
	public string $dir;

	/** Options as the database would hold them. */
	public array $options = array(
		'siteurl'        => 'http://site.test',
		'home'           => 'http://site.test',
		'active_plugins' => array( 'aaa-reader/aaa-reader.php', 'wp-dynamodb/wp-dynamodb.php' ),
	);

	/** Constants of wp-config.php. */
	public array $constants = array();

	/** Environment of PHP, besides PATH. */
	public array $environment = array();

	/** Name of the file in support/extension/ that stands in for the PHP extension, if any. */
	public ?string $extension = null;

	/** A file that is loaded before WordPress, if any. */
	public ?string $before = null;

	public function __construct() {
		$this->dir = sys_get_temp_dir() . '/wpd-site-' . bin2hex( random_bytes( 6 ) );
		$content   = $this->dir . '/wp-content';
		mkdir( $content . '/plugins/aaa-reader', 0700, true );
		mkdir( $content . '/mu-plugins' );
		mkdir( $content . '/themes' );
		mkdir( $this->dir . '/sessions' );
		copy( __DIR__ . '/content/db.php', $content . '/db.php' );
		copy( __DIR__ . '/content/aaa-reader.php', $content . '/plugins/aaa-reader/aaa-reader.php' );
		self::copy_folder( __DIR__ . '/../../../wp-plugin', $content . '/plugins/wp-dynamodb' );
		self::copy_folder( __DIR__ . '/../../../demo/wp-dynamodb-demo-cart', $content . '/plugins/wp-dynamodb-demo-cart' );
	}

	public function mu_plugins(): string {
		return $this->dir . '/wp-content/mu-plugins';
	}

	public function plugin(): string {
		return $this->dir . '/wp-content/plugins/wp-dynamodb';
	}

	/** Puts the must-use loader in place, as an image's build would. */
	public function install_loader(): void {
		copy( $this->plugin() . '/mu/wp-dynamodb-loader.php', $this->mu_plugins() . '/wp-dynamodb-loader.php' );
	}

	/**
	 * Boots WordPress, runs PHP code in it and gives back what the code returns.
	 *
	 * @param string $code Such as `return get_option( 'home' );`.
	 */
	public function run( string $code ): mixed {
		file_put_contents( $this->dir . '/code.php', "<?php\n" . $code );
		$command = array( ...$this->php(), $this->dir . '/index.php' );
		$this->write_request( '$returned = require __DIR__ . "/code.php"; file_put_contents( __DIR__ . "/returned.json", json_encode( $returned, JSON_THROW_ON_ERROR ) );' );
		@unlink( $this->dir . '/returned.json' );

		$process = proc_open( $command, array( 1 => array( 'pipe', 'w' ), 2 => array( 'redirect', 1 ) ), $pipes, $this->dir, $this->environment() );
		$output  = stream_get_contents( $pipes[1] );
		$status  = proc_close( $process );
		if ( 0 !== $status || '' !== $output || ! is_file( $this->dir . '/returned.json' ) ) {
			throw new RuntimeException( "WordPress ended with {$status} and said:\n{$output}" );
		}

		return json_decode( file_get_contents( $this->dir . '/returned.json' ), true, 512, JSON_THROW_ON_ERROR );
	}

	/** Serves the site's folder over HTTP until the server is destroyed; what is no file there goes to WordPress. */
	public function serve( string ...$ini ): WebServer {
		$this->write_request( '' );
		return new WebServer( $this->php( ...$ini ), $this->dir, $this->environment() );
	}

	public function remove(): void {
		self::remove_folder( $this->dir );
	}

	/** What wp-config.php and index.php do together. */
	private function write_request( string $then ): void {
		$constants = '';
		if ( null !== $this->before ) {
			$constants .= 'require ' . var_export( $this->before, true ) . ";\n";
		}
		foreach ( $this->constants as $name => $value ) {
			$constants .= sprintf( "define( %s, %s );\n", var_export( $name, true ), var_export( $value, true ) );
		}
		file_put_contents( $this->dir . '/options.json', json_encode( $this->options ) );
		file_put_contents(
			$this->dir . '/index.php',
			"<?php\n{$constants}"
			. "\$table_prefix = 'wp_';\n"
			. "foreach ( array( 'AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE' ) as \$salt ) { define( \$salt . '_KEY', \$salt ); define( \$salt . '_SALT', \$salt ); }\n"
			. "define( 'ABSPATH', " . var_export( getenv( 'WPD_WORDPRESS' ) . '/', true ) . " );\n"
			. "define( 'WP_CONTENT_DIR', __DIR__ . '/wp-content' );\n"
			. "define( 'WP_DEBUG', true );\n"
			. "define( 'DISABLE_WP_CRON', true );\n"
			. "define( 'DB_NAME', '' ); define( 'DB_USER', '' ); define( 'DB_PASSWORD', '' ); define( 'DB_HOST', '' );\n"
			. "\$_SERVER += array( 'HTTP_HOST' => 'site.test', 'REQUEST_URI' => '/', 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1' );\n"
			. "require ABSPATH . 'wp-settings.php';\n{$then}\n"
		);
	}

	/** @return list<string> */
	private function php( string ...$ini ): array {
		$settings = array( 'display_errors=1', 'error_reporting=-1', 'html_errors=0', 'session.save_handler=files', "session.save_path={$this->dir}/sessions", ...$ini );
		if ( null !== $this->extension ) {
			$settings[] = 'auto_prepend_file=' . __DIR__ . "/extension/{$this->extension}.php";
		}

		$command = array( PHP_BINARY, '-n', ...self::modules() );
		foreach ( $settings as $setting ) {
			array_push( $command, '-d', $setting );
		}

		return $command;
	}

	/**
	 * Without php.ini (-n) the shared modules that WordPress and the tests use must be named.
	 *
	 * @return list<string>
	 */
	private static function modules(): array {
		$options = array();
		foreach ( array( 'mysqlnd', 'mysqli', 'mbstring', 'ctype', 'tokenizer', 'iconv', 'posix' ) as $module ) {
			if ( is_file( ini_get( 'extension_dir' ) . "/{$module}.so" ) ) {
				array_push( $options, '-d', "extension={$module}" );
			}
		}

		return $options;
	}

	private function environment(): array {
		return $this->environment + array( 'PATH' => getenv( 'PATH' ) );
	}

	public static function copy_folder( string $from, string $to ): void {
		mkdir( $to );
		foreach ( array_diff( scandir( $from ), array( '.', '..' ) ) as $name ) {
			is_dir( "$from/$name" ) ? self::copy_folder( "$from/$name", "$to/$name" ) : copy( "$from/$name", "$to/$name" );
		}
	}

	public static function remove_folder( string $dir ): void {
		foreach ( array_diff( scandir( $dir ), array( '.', '..' ) ) as $name ) {
			is_dir( "$dir/$name" ) && ! is_link( "$dir/$name" ) ? self::remove_folder( "$dir/$name" ) : unlink( "$dir/$name" );
		}
		rmdir( $dir );
	}
}
