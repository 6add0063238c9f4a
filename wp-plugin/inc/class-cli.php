<?php
/**
 * The command line: `wp dynamodb …`.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * Sessions and logins in DynamoDB: state, settings, health, logins.
 *
 * Commands end with 0 when all is well, with 1 when something is not.
 */
final class CLI {

	/**
	 * Shows which Region this host uses, and how the Regions are.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table, json, csv or yaml.
	 * ---
	 * default: table
	 * ---
	 *
	 * @param list<string>          $args  None.
	 * @param array<string, string> $named Options.
	 */
	public function status( array $args, array $named ): void {
		$state  = state();
		$level  = state_level( $state );
		$format = $named['format'] ?? 'table';
		if ( 'json' === $format ) {
			\WP_CLI::line( (string) wp_json_encode( array( 'level' => $level ) + $state, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES ) );
		} else {
			$rows = array();
			foreach ( $state['status']['regions'] ?? array() as $name => $region ) {
				$rows[] = array(
					'region'    => $name,
					'active'    => $name === $state['status']['active'] ? 'yes' : '',
					'used'      => $name === $state['status']['route'] ? 'yes' : '',
					'state'     => $region['breaker']['state'],
					'parameter' => $region['parameter_value'] ?? $region['parameter_state'],
					'p50_ms'    => $region['latency_ms']['p50'],
					'calls'     => $region['calls'],
					'errors'    => $region['errors'],
				);
			}
			\WP_CLI\Utils\format_items( $format, $rows, array( 'region', 'active', 'used', 'state', 'parameter', 'p50_ms', 'calls', 'errors' ) );
			if ( 'table' === $format ) {
				\WP_CLI::line( "extension: {$state['extension']} {$state['version']}, handler: {$state['handler']}, state: {$level}" );
			}
		}
		$this->finish( 'critical' !== $level );
	}

	/**
	 * Shows every setting, of the extension and of the plugin, with its source.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table, json, csv or yaml.
	 * ---
	 * default: table
	 * ---
	 *
	 * @param list<string>          $args  None.
	 * @param array<string, string> $named Options.
	 */
	public function config( array $args, array $named ): void {
		$rows = array();
		foreach ( function_exists( 'wp_dynamodb_config' ) ? wp_dynamodb_config() : array() as $name => $one ) {
			$rows[] = array(
				'name'    => $name,
				'value'   => $one['value'],
				'source'  => $one['source'],
				'default' => $one['default'],
			);
		}
		foreach ( SETTINGS as $key => $setting ) {
			$held   = setting_with_source( $key );
			$rows[] = array(
				'name'    => $held['name'],
				'value'   => wp_json_encode( $held['value'] ),
				'source'  => $held['source'],
				'default' => wp_json_encode( $setting['default'] ),
			);
		}
		\WP_CLI\Utils\format_items( $named['format'] ?? 'table', $rows, array( 'name', 'value', 'source', 'default' ) );
	}

	/**
	 * Asks DynamoDB in this host's own Region: reads one item and writes one.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table, json, csv or yaml.
	 * ---
	 * default: table
	 * ---
	 *
	 * @param list<string>          $args  None.
	 * @param array<string, string> $named Options.
	 */
	public function health( array $args, array $named ): void {
		$this->need_extension();
		$health = wp_dynamodb_health( 1500, true );
		\WP_CLI\Utils\format_items( $named['format'] ?? 'table', array( array( 'ok' => $health['ok'] ? 'yes' : 'no' ) + $health ), array( 'ok', 'region', 'table', 'latency_ms', 'kind', 'error' ) );
		$this->finish( $health['ok'] );
	}

	/**
	 * Lists a user's login sessions, or ends them.
	 *
	 * ## OPTIONS
	 *
	 * [<user>]
	 * : Id, login or address of the user.
	 *
	 * [--all]
	 * : Of all users, in all networks; only with --end. After a break-in, say.
	 *
	 * [--end]
	 * : End them.
	 *
	 * [--format=<format>]
	 * : table, json, csv or yaml.
	 * ---
	 * default: table
	 * ---
	 *
	 * @param list<string>          $args  The user.
	 * @param array<string, string> $named Options.
	 */
	public function sessions( array $args, array $named ): void {
		$this->need_extension();
		if ( isset( $named['all'] ) !== ! isset( $args[0] ) || ( isset( $named['all'] ) && ! isset( $named['end'] ) ) ) {
			\WP_CLI::error( 'name one user, or end the sessions of all: --all --end' );
		}
		if ( isset( $named['all'] ) ) {
			\WP_Session_Tokens::destroy_all_for_all_users();
			if ( (int) get_site_option( DROPPED_OPTION, 0 ) < 1000 * ( time() - MINUTE_IN_SECONDS ) ) {
				\WP_CLI::error( 'nothing has ended: the database does not take changes; run it where it does' );
			}
			\WP_CLI::success( 'the login sessions of all users have ended' );
			return;
		}
		$user = is_numeric( $args[0] ) ? get_userdata( (int) $args[0] ) : ( get_user_by( 'login', $args[0] ) ? get_user_by( 'login', $args[0] ) : get_user_by( 'email', $args[0] ) );
		if ( ! $user ) {
			\WP_CLI::error( "there is no user {$args[0]}" );
		}
		if ( ! has_logins() ) {
			\WP_CLI::error( 'login sessions are not kept in DynamoDB: set WP_DYNAMODB_LOGINS, or switch them on in the settings' );
		}
		$logins = Logins::of( $user->ID );
		$rows   = array();
		foreach ( $logins->all() as $verifier => $session ) {
			$rows[] = array(
				'session' => substr( (string) $verifier, 0, 12 ),
				'device'  => device_name( (string) ( $session['ua'] ?? '' ) ),
				'ip'      => $session['ip'] ?? '',
				'since'   => gmdate( 'c', (int) ( $session['login'] ?? 0 ) ),
				'until'   => gmdate( 'c', (int) ( $session['expiration'] ?? 0 ) ),
			);
		}
		if ( isset( $named['end'] ) ) {
			if ( ! $logins->end_all_but( array() )['holds'] ) {
				\WP_CLI::error( "nothing has ended: neither DynamoDB nor the database takes changes; end the sessions of {$user->user_login} again when one of them does" );
			}
			\WP_CLI::success( sprintf( '%d login session(s) of %s have ended', count( $rows ), $user->user_login ) );
			return;
		}
		\WP_CLI\Utils\format_items( $named['format'] ?? 'table', $rows, array( 'session', 'device', 'ip', 'since', 'until' ) );
		$this->finish( $logins->is_whole() );
	}

	/**
	 * Copies the login sessions of all users from user meta to DynamoDB. Without it each is copied when its user comes.
	 *
	 * ## OPTIONS
	 *
	 * [--dry-run]
	 * : Only count.
	 *
	 * @param list<string>          $args  None.
	 * @param array<string, string> $named Options.
	 */
	public function migrate( array $args, array $named ): void {
		global $wpdb;

		$this->need_extension();
		if ( ! has_logins() ) {
			\WP_CLI::error( 'login sessions are not kept in DynamoDB: set WP_DYNAMODB_LOGINS, or switch them on in the settings' );
		}
		$last   = 0;
		$users  = 0;
		$copied = 0;
		$unsure = array();
		do {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- all users with a login, a hundred at a time.
			$ids = $wpdb->get_col( $wpdb->prepare( "SELECT DISTINCT user_id FROM {$wpdb->usermeta} WHERE meta_key = 'session_tokens' AND user_id > %d ORDER BY user_id LIMIT 100", $last ) );
			foreach ( array_map( 'intval', $ids ) as $id ) {
				$last = $id;
				++$users;
				try {
					$told    = isset( $named['dry-run'] ) ? array() : Logins::of( $id )->migrate();
					$copied += $told['copied'] ?? 0;
					$unsure += ( $told['unsure'] ?? 0 ) > 0 ? array( $id => $told['unsure'] ) : array();
				} catch ( \Throwable $problem ) {
					$text = error_text( $problem->getMessage(), (string) state()['status']['table'] );
					\WP_CLI::error( "stopped at user {$id}, after {$copied} sessions: {$text}; run it again, it goes on" );
				}
				Logins::forget();
				clean_user_cache( $id );
			}
			if ( array() !== $ids ) {
				\WP_CLI::log( "{$users} users, {$copied} sessions copied" );
			}
		} while ( array() !== $ids );
		foreach ( $unsure as $id => $count ) {
			\WP_CLI::warning( "user {$id}: it cannot be told of {$count} login sessions whether they have ended, so they were not copied; the user's next login makes order" );
		}
		if ( array() !== $unsure ) {
			\WP_CLI::error( "{$users} users, {$copied} sessions copied; not all of " . count( $unsure ) . ' user(s)' );
		}
		\WP_CLI::success( isset( $named['dry-run'] ) ? "{$users} users have login sessions in user meta" : "{$users} users, {$copied} sessions copied" );
	}

	/**
	 * Checks everything that the settings page would, and says what to do.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table, json, csv or yaml.
	 * ---
	 * default: table
	 * ---
	 *
	 * @param list<string>          $args  None.
	 * @param array<string, string> $named Options.
	 */
	public function doctor( array $args, array $named ): void {
		$state  = state();
		$tables = 'ok' === $state['extension'] ? test_connection()['tables'] : null;
		$steps  = guide( $state, $tables );
		$rows   = array_map(
			static fn ( array $step ): array => array(
				'ok'   => $step['done'] ? 'yes' : 'no',
				'what' => $step['title'],
				'do'   => trim( $step['text'] . "\n" . implode( "\n", $step['commands'] ) ),
			),
			$steps
		);
		\WP_CLI\Utils\format_items( $named['format'] ?? 'table', $rows, array( 'ok', 'what', 'do' ) );
		$this->finish( ! in_array( false, array_column( $steps, 'done' ), true ) );
	}

	/**
	 * Ends with an error when the extension is missing.
	 */
	private function need_extension(): void {
		$state = state();
		if ( 'ok' !== $state['extension'] ) {
			\WP_CLI::error( 'the PHP extension wp_dynamodb is ' . $state['extension'] . ' in this PHP (' . PHP_BINARY . ')' . ( '' === $state['error'] ? '' : ": {$state['error']}" ) );
		}
	}

	/**
	 * Ends the command.
	 *
	 * @param bool $well Whether all is well.
	 */
	private function finish( bool $well ): void {
		if ( ! $well ) {
			\WP_CLI::halt( 1 );
		}
	}
}
