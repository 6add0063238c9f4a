<?php
/**
 * What the settings page, Site Health, the REST API and the command line show: gathered once, the same for all.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/** The extension's functions that this version of the plugin uses. */
const NEEDED_FUNCTIONS = array( 'wp_dynamodb_status', 'wp_dynamodb_config', 'wp_dynamodb_query', 'wp_dynamodb_describe' );

/**
 * The state of this host and site. Asks nobody: everything is known already.
 *
 * @return array{
 *     plugin: string, extension: string, version: string, handler: string, status: array<string, mixed>|null, error: string,
 *     constants: array<string, mixed>, logins: bool
 * } `extension` is missing, old, broken or ok; `status` is wp_dynamodb_status() when it could be had, `error` why not.
 */
function state(): array {
	$state = array(
		'plugin'    => VERSION,
		'extension' => 'missing',
		'version'   => '',
		'handler'   => (string) ini_get( 'session.save_handler' ),
		'status'    => null,
		'error'     => '',
		'constants' => define_constants(),
		'logins'    => has_logins(),
	);
	if ( ! has_extension() ) {
		return $state;
	}

	$missing            = array_filter( NEEDED_FUNCTIONS, static fn ( string $name ): bool => ! function_exists( $name ) );
	$state['extension'] = array() === $missing ? 'ok' : 'old';
	$state['version']   = (string) phpversion( 'wp_dynamodb' );
	if ( function_exists( 'wp_dynamodb_status' ) ) {
		try {
			$status           = wp_dynamodb_status();
			$state['version'] = (string) ( $status['version'] ?? $state['version'] );
			// That of an older extension lacks what is shown here.
			$state['status'] = 'ok' === $state['extension'] ? $status : null;
		} catch ( \Throwable $problem ) {
			$state['extension'] = 'ok' === $state['extension'] ? 'broken' : $state['extension'];
			$state['error']     = $problem->getMessage();
		}
	}

	return $state;
}

/**
 * One word for the whole: `ok`, `warning` (somebody should look) or `critical` (sessions fail, or are not where they should be).
 *
 * @param array<string, mixed> $state From state().
 */
function state_level( array $state ): string {
	$status = $state['status'];
	if ( 'ok' !== $state['extension'] || 'dynamodb' !== $state['handler'] || null === $status || 'none_healthy' === $status['why'] || '' !== refusal_text( $status ) ) {
		return 'critical';
	}
	$lost  = array_filter( $status['regions'], static fn ( array $region ): bool => 'closed' !== $region['breaker']['state'] );
	$warns = 'bridged' === $status['why'] || array() !== $lost || ( $state['logins'] && null !== $status['items_failing_ms'] ) || array() !== $state['constants']['conflicts']
		|| array() !== $state['constants']['map']['problems'] || array() !== unread_parameters( $status );

	return $warns ? 'warning' : 'ok';
}

/**
 * What the Region that this host uses answered in the last minute when it was asked for sessions and refused for good; '' when
 * it did not. No other Region stands in for a missing table or for missing permissions.
 *
 * @param array<string, mixed> $status wp_dynamodb_status().
 */
function refusal_text( array $status ): string {
	$region = $status['regions'][ $status['route'] ] ?? null;
	if ( null === $region || ! refuses_calls( $region ) || 'throttled' === $region['last_error']['kind'] ) {
		return '';
	}
	// The same Region may refuse the table of login sessions, which is another matter.
	return is_about_table( $region['last_error']['message'], $status['table'] ) ? $region['last_error']['message'] : '';
}

/**
 * Whether an error of the extension is about a table.
 *
 * @param string $message The error.
 * @param string $table   Name of the table.
 */
function is_about_table( string $message, string $table ): bool {
	return 1 === preg_match( '/\btable ' . preg_quote( $table, '/' ) . '(?![A-Za-z0-9._-]*[A-Za-z0-9])/', $message );
}

/**
 * An error of the extension. It advises to correct the setting of the session table whichever table is missing: the name of another one
 * is not there to be corrected.
 *
 * @param string $message The error.
 * @param string $table   Name of the session table.
 */
function error_text( string $message, string $table ): string {
	if ( is_about_table( $message, $table ) ) {
		return $message;
	}
	$setting = is_about_table( $message, (string) setting( 'logins_table' ) ) ? ', or correct WP_DYNAMODB_LOGINS_TABLE' : '';

	return str_replace( ', or correct wp_dynamodb.table', $setting, $message );
}

/**
 * Whether a Region has refused a call in the last minute.
 *
 * @param array<string, mixed> $region One of status's `regions`.
 */
function refuses_calls( array $region ): bool {
	$recent = $region['last_error'] ?? null;

	return is_array( $recent ) && $recent['age_ms'] < 60000 && in_array( $recent['kind'], array( 'access', 'not_found', 'config', 'throttled' ), true );
}

/**
 * The Regions whose SSM parameter does not name the active Region; none when a setting pins it.
 *
 * @param array<string, mixed> $status wp_dynamodb_status().
 * @return list<string>
 */
function unread_parameters( array $status ): array {
	if ( 'pin' === $status['source'] ) {
		return array();
	}
	// A host that has just started has not read it yet: `unknown`.
	$bad = array_filter( $status['regions'], static fn ( array $region ): bool => in_array( $region['parameter_state'], array( 'missing', 'bad', 'error' ), true ) );

	return array_map( 'strval', array_keys( $bad ) );
}

/**
 * Why this host uses the Region that it uses.
 *
 * @param array<string, mixed> $status wp_dynamodb_status().
 */
function why_text( array $status ): string {
	$texts = array(
		'active'       => __( 'It is the active Region.', 'wp-dynamodb' ),
		'home'         => __( 'This host is in that Region (routing = local).', 'wp-dynamodb' ),
		'evacuated'    => __( 'The parameter drains this host’s own Region.', 'wp-dynamodb' ),
		'bridged'      => __( 'The preferred Region is lost; this Region stands in for it until it is back.', 'wp-dynamodb' ),
		'none_healthy' => __( 'No Region answers.', 'wp-dynamodb' ),
	);

	return $texts[ $status['why'] ] ?? (string) $status['why'];
}

/**
 * Where the active Region comes from.
 *
 * @param array<string, mixed> $status wp_dynamodb_status().
 */
function source_text( array $status ): string {
	$texts = array(
		'pin'         => __( 'the setting wp_dynamodb.region, which pins this host', 'wp-dynamodb' ),
		/* translators: %s: name of an SSM parameter. */
		'parameter'   => sprintf( __( 'the SSM parameter %s', 'wp-dynamodb' ), $status['parameter']['name'] ),
		'last_good'   => __( 'the last good value, kept on disk: SSM has not confirmed it yet', 'wp-dynamodb' ),
		'environment' => __( 'the environment (AWS_REGION)', 'wp-dynamodb' ),
		'metadata'    => __( 'the metadata of the instance or task', 'wp-dynamodb' ),
		'first'       => __( 'the first of wp_dynamodb.regions, for want of anything better', 'wp-dynamodb' ),
	);

	return $texts[ $status['source'] ] ?? (string) $status['source'];
}

/**
 * How long ago, or how long since.
 *
 * @param int|null $ms Milliseconds; null: never.
 */
function age_text( ?int $ms ): string {
	if ( null === $ms ) {
		return __( 'never', 'wp-dynamodb' );
	}
	$seconds = intdiv( $ms, 1000 );
	if ( $seconds < 120 ) {
		/* translators: %d: number of seconds. */
		return sprintf( _n( '%d second ago', '%d seconds ago', $seconds, 'wp-dynamodb' ), $seconds );
	}

	/* translators: %s: a time span such as "5 mins". */
	return sprintf( __( '%s ago', 'wp-dynamodb' ), human_time_diff( time() - $seconds ) );
}

/**
 * Whether a Region works, in a word.
 *
 * @param array<string, mixed> $region One of status's `regions`.
 */
function region_word( array $region ): string {
	if ( 'closed' !== $region['breaker']['state'] ) {
		return 'half_open' === $region['breaker']['state'] ? __( 'probed', 'wp-dynamodb' ) : __( 'lost', 'wp-dynamodb' );
	}
	if ( $region['drained'] ) {
		return __( 'drained', 'wp-dynamodb' );
	}
	if ( refuses_calls( $region ) ) {
		return __( 'refuses calls', 'wp-dynamodb' );
	}

	return 0 === (int) $region['calls'] ? __( 'not asked yet', 'wp-dynamodb' ) : __( 'works', 'wp-dynamodb' );
}
