<?php
/**
 * What is still to be done, step by step, until sessions and logins are in DynamoDB in two Regions.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * The steps.
 *
 * @param array<string, mixed>                             $state  From state().
 * @param array<string, array<string, array<string, mixed>>>|null $tables From look_at_table(), by purpose; null: nobody has looked.
 * @return list<array{code: string, done: bool, title: string, text: string, commands: list<string>}>
 */
function guide( array $state, ?array $tables ): array {
	$step = static fn ( string $code, bool $done, string $title, string $text = '', array $commands = array() ): array
		=> compact( 'code', 'done', 'title', 'text', 'commands' );

	$steps = array( $step( 'extension', 'ok' === $state['extension'], __( 'The PHP extension wp_dynamodb is loaded', 'wp-dynamodb' ), ...extension_help( $state ) ) );
	if ( 'ok' !== $state['extension'] ) {
		return $steps;
	}

	$uses    = 'dynamodb' === $state['handler'];
	$steps[] = $step(
		'handler',
		$uses,
		__( 'PHP keeps its sessions in DynamoDB', 'wp-dynamodb' ),
		/* translators: %s: name of a session save handler. */
		$uses ? '' : sprintf( __( 'The session handler is %s. Add to php.ini (or to the pool, as php_admin_value) on every host and restart PHP:', 'wp-dynamodb' ), $state['handler'] ),
		$uses ? array() : array( 'session.save_handler = dynamodb' )
	);

	$regions = array_map( 'strval', array_keys( $state['status']['regions'] ) );
	foreach ( needed_tables() as $purpose => $table ) {
		$steps = array( ...$steps, ...table_steps( $purpose, $table, $regions, $tables[ $purpose ] ?? null, (string) $state['status']['parameter']['name'] ) );
	}

	$steps[] = parameter_step( $state['status'] );
	$logins  = true === setting( 'logins' );
	$steps[] = $step(
		'logins',
		$logins,
		__( 'Login sessions are kept in DynamoDB', 'wp-dynamodb' ),
		$logins ? '' : __( 'So that nobody has to log in again when a Region is lost.', 'wp-dynamodb' ) . ' '
			. __( 'When their table is in every Region, switch it on under “Settings” below; nobody is logged out by that.', 'wp-dynamodb' )
	);
	$loader  = is_loader_current() || 'current' === loader_state();
	$steps[] = $step(
		'loader',
		$loader,
		__( 'The must-use loader is installed', 'wp-dynamodb' ),
		$loader ? '' : __( 'So that other plugins find the constants of the active Region when they load. Run on every host, or when building its image:', 'wp-dynamodb' ),
		$loader ? array() : array( loader_command() )
	);

	return $steps;
}

/**
 * The step about the SSM parameter.
 *
 * @param array<string, mixed> $status wp_dynamodb_status().
 * @return array{code: string, done: bool, title: string, text: string, commands: list<string>}
 */
function parameter_step( array $status ): array {
	$step = array(
		'code'     => 'parameter',
		'done'     => true,
		'title'    => __( 'The SSM parameter names the active Region, in every Region', 'wp-dynamodb' ),
		'text'     => '',
		'commands' => array(),
	);
	if ( 'pin' === $status['source'] ) {
		$step['text'] = __( 'The setting wp_dynamodb.region pins this host; the parameter is not asked for.', 'wp-dynamodb' );
		return $step;
	}

	$without = array_filter( $status['regions'], static fn ( array $region ): bool => 'ok' !== $region['parameter_state'] );
	if ( array() === $without ) {
		return $step;
	}
	$step['done'] = false;
	if ( array( 'unknown' ) === array_unique( array_column( $without, 'parameter_state' ) ) ) {
		$step['text'] = __( 'Not asked for yet: this host has just started.', 'wp-dynamodb' );
		return $step;
	}
	$errors   = array_filter( $without, static fn ( array $region ): bool => 'error' === $region['parameter_state'] );
	$reason   = static fn ( string $name, array $region ): string => "{$name}: " . ( $region['parameter_error'] ?? $region['parameter_state'] );
	$reasons  = array_map( $reason, array_keys( $errors ), $errors );
	$name     = (string) $status['parameter']['name'];
	$write    = static fn ( string $region ): string => "aws ssm put-parameter --region {$region} --name {$name} --type String --overwrite --value {$status['active']}";
	$commands = array_map( $write, array_keys( $without ) );

	// Writing a parameter mends nothing where it cannot be read.
	$step['text']     = array() === $errors
		? __( 'Without it, hosts use the Region they are in, and nobody can move them all at once. Write it in each Region:', 'wp-dynamodb' )
		/* translators: %s: error messages by Region. */
		: sprintf( __( 'It cannot be read. %s', 'wp-dynamodb' ), implode( ' ', $reasons ) );
	$step['commands'] = array() === $errors ? $commands : array();

	return $step;
}

/**
 * What to do about the extension: text and commands.
 *
 * @param array<string, mixed> $state From state().
 * @return array{0: string, 1: list<string>}
 */
function extension_help( array $state ): array {
	switch ( $state['extension'] ) {
		case 'ok':
			return array( '', array() );
		case 'old':
			return array(
				/* translators: 1: version of the extension, 2: version of the plugin. */
				sprintf( __( 'Version %1$s is loaded, which is too old for version %2$s of this plugin.', 'wp-dynamodb' ), $state['version'], $state['plugin'] )
				. ' ' . __( 'Install that version on every host and restart PHP. The site works as before until then.', 'wp-dynamodb' ),
				array(),
			);
		case 'broken':
			return array(
				/* translators: %s: error message. */
				sprintf( __( 'It is loaded, but its settings are not valid, so no session is read or written: %s', 'wp-dynamodb' ), $state['error'] ),
				array(),
			);
		default:
			return array(
				__( 'It is not loaded in this PHP. Install it on every host, add these lines to php.ini, and restart PHP. The site works as before until then.', 'wp-dynamodb' ),
				array( 'extension = wp_dynamodb', 'session.save_handler = dynamodb', 'wp_dynamodb.regions = "us-east-1,us-west-2"' ),
			);
	}
}

/**
 * The steps about one table.
 *
 * @param string                                                                    $purpose   sessions or logins.
 * @param array{name: string, keys: list<array{0: string, 1: string}>, ttl: string} $table     As it must be.
 * @param list<string>                                                              $regions   The Regions.
 * @param array<string, array<string, mixed>>|null                                  $found     From look_at_table(); null: nobody has looked.
 * @param string                                                                    $parameter Name of the SSM parameter.
 * @return list<array{code: string, done: bool, title: string, text: string, commands: list<string>}>
 */
function table_steps( string $purpose, array $table, array $regions, ?array $found, string $parameter ): array {
	$title = 'logins' === $purpose
		/* translators: %s: name of a table. */
		? sprintf( __( 'The table %s (login sessions) is in every Region', 'wp-dynamodb' ), $table['name'] )
		/* translators: %s: name of a table. */
		: sprintf( __( 'The table %s (PHP sessions) is in every Region', 'wp-dynamodb' ), $table['name'] );
	$step  = static fn ( bool $done, string $text, array $commands = array() ): array => array(
		'code'     => "table-{$purpose}",
		'done'     => $done,
		'title'    => $title,
		'text'     => $text,
		'commands' => $commands,
	);
	if ( null === $found ) {
		return array( $step( false, __( 'Not looked at yet: press “Test connection”.', 'wp-dynamodb' ) ) );
	}

	$states = array_map( static fn ( array $one ): string => $one['state'], $found );
	if ( in_array( 'denied', $states, true ) ) {
		return array(
			$step(
				false,
				/* translators: %s: names of Regions. */
				sprintf( __( 'The credentials of this host do not allow it in %s. Give its role this policy:', 'wp-dynamodb' ), implode( ', ', array_keys( $states, 'denied', true ) ) ),
				array( iam_policy( array_column( needed_tables(), 'name' ), $parameter, $regions ) )
			),
		);
	}
	if ( in_array( 'unreachable', $states, true ) ) {
		$causes = array_map( static fn ( string $region ): string => "{$region}: {$found[ $region ]['problems'][0]}", array_map( 'strval', array_keys( $states, 'unreachable', true ) ) );
		/* translators: %s: Regions with the cause. */
		return array( $step( false, sprintf( __( 'It cannot be looked at now (%s). Press “Test connection” again later.', 'wp-dynamodb' ), implode( '; ', $causes ) ) ) );
	}
	if ( array( 'missing' ) === array_values( array_unique( $states ) ) ) {
		return array( $step( false, __( 'There is no such table. Create it, with a replica in every other Region:', 'wp-dynamodb' ), table_commands( $table, $regions ) ) );
	}

	$missing = array_map( 'strval', array_keys( $states, 'missing', true ) );
	$has     = (string) array_key_first( array_diff( $states, array( 'missing' ) ) );
	if ( array() !== $missing ) {
		/* translators: %s: names of Regions. */
		return array( $step( false, sprintf( __( 'It has no replica in %s. Add it:', 'wp-dynamodb' ), implode( ', ', $missing ) ), replica_commands( $table['name'], $has, $missing ) ) );
	}

	$problems = array();
	$commands = array();
	foreach ( $found as $region => $one ) {
		foreach ( $one['problems'] as $problem ) {
			$problems[] = "{$region}: {$problem}";
		}
		// The one thing that a command mends; a key cannot be changed.
		if ( 'wrong' === $one['state'] && null === $one['details']['ttl'] ) {
			$commands[] = ttl_command( $table, (string) $region );
		}
	}

	return array( $step( array() === $problems, implode( ' ', $problems ), $commands ) );
}
