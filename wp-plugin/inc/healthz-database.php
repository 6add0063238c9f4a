<?php
/**
 * Whether the database answers, for /healthz without WordPress. Names no WordPress function.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || defined( 'WP_DYNAMODB_HEALTHZ' ) || exit;

/**
 * Connects as WordPress would and asks for nothing. A server that is not there, or says nothing, takes a second; one that says each
 * word slowly, and a name that resolves slowly, are for the web server's own time limit.
 *
 * @return string '' when the database answers, else the cause in a word or two.
 */
function database_problem(): string {
	if ( ! defined( 'DB_HOST' ) && ! load_database_settings() ) {
		return 'database configuration';
	}
	if ( ! function_exists( 'mysqli_init' ) ) {
		return 'mysqli missing';
	}

	mysqli_report( MYSQLI_REPORT_OFF );
	$database = mysqli_init();
	// A server that is not there, and one that takes the connection and says nothing.
	$database->options( MYSQLI_OPT_CONNECT_TIMEOUT, 1 );
	$database->options( MYSQLI_OPT_READ_TIMEOUT, 1 );
	list( $host, $port, $socket ) = parse_database_host( (string) constant( 'DB_HOST' ) );

	$began = microtime( true );
	// The failure is the answer: a warning of it would only fill the log.
	set_error_handler( static fn (): bool => true ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions
	try {
		$flags = defined( 'MYSQL_CLIENT_FLAGS' ) ? (int) constant( 'MYSQL_CLIENT_FLAGS' ) : 0;
		$works = $database->real_connect( $host, (string) constant( 'DB_USER' ), (string) constant( 'DB_PASSWORD' ), (string) constant( 'DB_NAME' ), $port, $socket, $flags );
		// What took so long to greet is not asked as well.
		$works = $works && microtime( true ) - $began < 0.7 && false !== $database->query( 'SELECT 1' );
		if ( $works ) {
			$database->close();
		}
	} catch ( \Throwable ) {
		$works = false;
	} finally {
		restore_error_handler();
	}

	return $works ? '' : 'database';
}

/**
 * Host, port and socket of DB_HOST: `db`, `db:3306`, `localhost:/run/mysqld.sock`, `[::1]:3306`.
 *
 * @param string $text DB_HOST.
 * @return array{0: string, 1: int|null, 2: string|null}
 */
function parse_database_host( string $text ): array {
	$socket = null;
	$at     = strpos( $text, ':/' );
	if ( false !== $at ) {
		$socket = substr( $text, $at + 1 );
		$text   = substr( $text, 0, $at );
	}
	if ( 1 === preg_match( '/^\[([0-9a-f:.]+)\](?::(\d+))?$/Di', $text, $parts ) || 1 === preg_match( '/^([^:]*)(?::(\d+))?$/D', $text, $parts ) ) {
		$host = '' === $parts[1] ? 'localhost' : $parts[1];
		// The driver wants an IPv6 address in brackets.
		$host = str_contains( $host, ':' ) ? "[{$host}]" : $host;
		return array( $host, isset( $parts[2] ) ? (int) $parts[2] : null, $socket );
	}

	return array( $text, null, $socket );
}

/**
 * Reads wp-config.php with a WordPress in its place that loads nothing. Whether it named a database.
 */
function load_database_settings(): bool {
	$file = database_config_file();
	if ( '' === $file ) {
		return false;
	}
	if ( ! defined( 'ABSPATH' ) ) {
		define( 'ABSPATH', __DIR__ . '/healthz-config/' );
	}
	ob_start();
	try {
		require_once $file;
	} catch ( \Throwable $problem ) {
		// Something that it loads after the database's address was named, perhaps.
		unset( $problem );
	} finally {
		ob_end_clean();
	}

	return defined( 'DB_HOST' ) && defined( 'DB_USER' ) && defined( 'DB_PASSWORD' ) && defined( 'DB_NAME' );
}

/**
 * Where wp-config.php is: WP_DYNAMODB_CONFIG, else above the file that the web server names, else above this one; '' nowhere.
 */
function database_config_file(): string {
	$named = getenv( 'WP_DYNAMODB_CONFIG' );
	if ( is_string( $named ) && '' !== $named ) {
		return is_readable( $named ) ? $named : '';
	}
	$script = $_SERVER['SCRIPT_FILENAME'] ?? ''; // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- set by the web server, a path of its own.
	foreach ( array( is_string( $script ) ? dirname( $script ) : '', __DIR__ ) as $folder ) {
		for ( $up = 0; $up < 8 && '' !== $folder && '.' !== $folder; $up++ ) {
			// Beside WordPress, or one folder above it, as WordPress itself looks.
			if ( is_readable( "{$folder}/wp-config.php" ) ) {
				return "{$folder}/wp-config.php";
			}
			$above  = dirname( $folder );
			$folder = $above === $folder ? '' : $above;
		}
	}

	return '';
}
