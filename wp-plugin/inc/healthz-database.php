<?php
/**
 * Whether the database answers, for /healthz without WordPress. Names no WordPress function.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || defined( 'WP_DYNAMODB_HEALTHZ' ) || exit;

/** Within what time (seconds) a server that was not well, or that nobody has asked lately, must have greeted: it may be far away. */
const DATABASE_GREETS = 0.9;

/** Who greets within this time (seconds) is asked on at once: from greeting to login it takes the driver up to twice as long again. */
const DATABASE_GREETS_SOON = 0.4;

/** Within what time (seconds) the driver must have logged in, the greeting that was waited for included. After it DynamoDB is asked. */
const DATABASE_ANSWERS = 1.0;

/**
 * Whether the database answers: asked once a second by the whole host.
 *
 * @return string '' when it does, else the cause in a word or two.
 */
function database_problem(): string {
	if ( ! defined( 'DB_HOST' ) && ! load_database_settings() ) {
		return 'database configuration';
	}
	if ( ! function_exists( 'mysqli_init' ) ) {
		return 'mysqli missing';
	}

	return shared_answer( database_answer(), __NAMESPACE__ . '\\ask_database', 'database' );
}

/**
 * The name of the answer: that of the database in wp-config.php.
 */
function database_answer(): string {
	$one = implode( "\n", array_map( static fn ( string $name ): string => (string) constant( $name ), array( 'DB_HOST', 'DB_NAME', 'DB_USER' ) ) );

	return 'database-' . substr( hash( 'sha256', $one ), 0, 16 );
}

/**
 * Connects as WordPress would. The driver gives up a server that is silent for a second; one that says each word slowly it would hear
 * out, so its greeting is waited for first. Not while all is well, for a connection that only listens is an error to the server; nor
 * after it has refused, for after too many of those it would refuse this host for good. When its greeting has come late, there is no
 * time left for the driver, or after it for DynamoDB, and the next one who asks need not wait for it. What is slow all of a sudden,
 * and a name that resolves slowly, holds one process, which the web server's time limit cuts off; the others do not wait for it.
 *
 * @param string|null $before What was found last.
 * @return string As database_problem().
 */
function ask_database( ?string $before ): string {
	list( $host, $port, $socket ) = parse_database_host( (string) constant( 'DB_HOST' ) );
	mysqli_report( MYSQLI_REPORT_OFF );
	$database = mysqli_init();
	$database->options( MYSQLI_OPT_CONNECT_TIMEOUT, 1 );
	$database->options( MYSQLI_OPT_READ_TIMEOUT, 1 );

	// The failure is the answer: a warning of it would only fill the log.
	set_error_handler( static fn (): bool => true ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions
	try {
		$began   = microtime( true );
		$listens = null === $before || 'database' === $before;
		if ( $listens ) {
			$greets = greets_after( $host, $port, $socket );
			if ( null === $greets || $greets > DATABASE_GREETS_SOON ) {
				return null === $greets ? 'database' : 'database slow';
			}
		}
		$flags = defined( 'MYSQL_CLIENT_FLAGS' ) ? (int) constant( 'MYSQL_CLIENT_FLAGS' ) : 0;
		if ( $database->real_connect( $host, (string) constant( 'DB_USER' ), (string) constant( 'DB_PASSWORD' ), (string) constant( 'DB_NAME' ), $port, $socket, $flags ) ) {
			$database->close();
			return microtime( true ) - $began < DATABASE_ANSWERS ? '' : ( $listens ? 'database slow' : 'database' );
		}

		// From 2000 on they are the driver's own: it has heard nothing.
		return $database->connect_errno < 2000 ? 'database refuses' : 'database';
	} catch ( \Throwable ) {
		return 'database';
	} finally {
		restore_error_handler();
	}
}

/**
 * After how many seconds the server has said its first packet: three bytes of length, one of number, and what it says. Null when it has not
 * in time.
 *
 * @param string      $host   As parse_database_host() has it.
 * @param int|null    $port   The same.
 * @param string|null $socket The same.
 */
function greets_after( string $host, ?int $port, ?string $socket ): ?float {
	$began   = microtime( true );
	$until   = $began + DATABASE_GREETS;
	// The driver's own ways.
	$default = '' === (string) ini_get( 'mysqli.default_socket' ) ? '/tmp/mysql.sock' : (string) ini_get( 'mysqli.default_socket' );
	$local   = $socket ?? ( 'localhost' === $host ? $default : '' );
	$address = '' === $local ? sprintf( 'tcp://%s:%d', $host, $port ?? (int) ini_get( 'mysqli.default_port' ) ) : "unix://{$local}";
	$stream  = stream_socket_client( $address, $code, $text, DATABASE_GREETS );
	if ( false === $stream ) {
		return null;
	}
	stream_set_blocking( $stream, false );
	$said = '';
	while ( strlen( $said ) < 4 || strlen( $said ) < 4 + unpack( 'V', substr( $said, 0, 3 ) . "\0" )[1] ) {
		$left  = (int) ( 1000000 * ( $until - microtime( true ) ) );
		$ready = array( $stream );
		$none  = null;
		if ( $left <= 0 || 1 !== stream_select( $ready, $none, $none, 0, $left ) ) {
			return null;
		}
		$part = fread( $stream, 1024 );
		if ( false === $part || '' === $part ) {
			return null;
		}
		$said .= $part;
	}

	return microtime( true ) - $began;
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
