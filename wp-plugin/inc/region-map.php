<?php
/**
 * The Region map: which constants have which values while a Region is active.
 *
 *     array( 'us-east-1' => array( 'S3_UPLOADS_BUCKET' => 'media-us-east-1', … ), 'us-west-2' => … )
 *
 * Comes from the first that is set: constant WP_DYNAMODB_REGION_MAP (array or JSON), environment
 * variable WP_DYNAMODB_REGION_MAP (JSON), option wp_dynamodb_region_map (the network's on
 * multisite). A bad source is reported, never replaced by the next one.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

const REGION_MAP_OPTION = 'wp_dynamodb_region_map';

/** Longest text a constant may get, in bytes. */
const REGION_MAP_VALUE_MAX = 8192;

/**
 * Names that a Region map may not set: WordPress and PHP's own, the plugin's, and secrets, which
 * belong to an instance role. Each entry is a pattern for the whole name.
 */
const REGION_MAP_RESERVED = array(
	'ABSPATH|WPINC|MULTISITE|VHOST|NOBLOGREDIRECT|TEMPLATEPATH|STYLESHEETPATH|FS_METHOD|TRUE|FALSE|NULL',
	'(DB|PHP|E|MYSQL|WPMU|COOKIE|FORCE_SSL|DISALLOW|SUBDOMAIN|CUSTOM_USER|FTP|COMPRESS|CONCATENATE|ENFORCE)_.+',
	'(USER|PASS|AUTH|SECURE_AUTH|LOGGED_IN|TEST|RECOVERY_MODE)_COOKIE|(ADMIN_|PLUGINS_|SITE)?COOKIE_?(PATH|HASH|DOMAIN)',
	'WP_(ADMIN|ALLOW|AUTO|CACHE|CONTENT|CRON|DEBUG|DEFAULT|DISABLE|DYNAMODB|ENVIRONMENT|HOME|HTTP|INSTALLING)(_.+)?',
	'WP_(LANG|MAX|MEMORY|NETWORK|PLUGIN|POST|PROXY|RUN|SANDBOX|SETUP|SITEURL|TEMP|TEMPLATE|UNINSTALL|USE)(_.+)?',
	'MY_DYNAMODB_ENDPOINT',
	'ALLOW_.+|WP_CLI(_.+)?|WP_IMPORTING|DOING_.+|.+_REQUEST|IS_.+_ADMIN|UPLOADS|BLOGUPLOADDIR|SUNRISE|SHORTINIT|CUSTOM_TAGS|FS_.+',
	'NONCE_LIFE|RECOVERY_MODE_.+|AUTOMATIC_.+',
	'AS3CF_SETTINGS|.*(PASS|PASSWD|PASSWORD|PWD|SECRET|TOKEN|CREDENTIALS?|LICEN[CS]E|KEY|KEY_ID|SALT)',
);

/**
 * The map of this site, validated.
 *
 * @return array{source: string, regions: array<string, array<string, scalar>>, problems: list<array<string, string>>}
 *         `source` is constant, environment, option or none.
 */
function region_map(): array {
	if ( defined( 'WP_DYNAMODB_REGION_MAP' ) ) {
		$source = 'constant';
		$raw    = constant( 'WP_DYNAMODB_REGION_MAP' );
	} elseif ( false !== getenv( 'WP_DYNAMODB_REGION_MAP' ) && '' !== getenv( 'WP_DYNAMODB_REGION_MAP' ) ) {
		$source = 'environment';
		$raw    = getenv( 'WP_DYNAMODB_REGION_MAP' );
	} else {
		$source = 'option';
		$raw    = stored_option( REGION_MAP_OPTION );
	}

	if ( array() === $raw || '' === $raw ) {
		$source = 'none';
		$raw    = array();
	}

	return array( 'source' => $source ) + validate_region_map( $raw );
}

/**
 * Keeps what is usable and says what is not, and why.
 *
 * @param mixed $raw An array, or JSON of one.
 * @return array{regions: array<string, array<string, scalar>>, problems: list<array<string, string>>}
 *         A problem has a `code` (see region_map_problem_text()) and what it concerns: `region`, `name`.
 */
function validate_region_map( mixed $raw ): array {
	$regions  = array();
	$problems = array();

	$map = is_string( $raw ) ? json_decode( $raw, true ) : $raw;
	if ( ! is_array( $map ) ) {
		return array(
			'regions'  => array(),
			'problems' => array( array( 'code' => is_string( $raw ) ? 'bad_json' : 'bad_map' ) ),
		);
	}

	foreach ( $map as $region => $constants ) {
		$region = (string) $region;
		if ( ! is_region_name( $region ) || ! is_array( $constants ) ) {
			$code       = is_array( $constants ) ? 'bad_region' : 'bad_constants';
			$problems[] = compact( 'code', 'region' );
			continue;
		}

		$regions[ $region ] = array();
		foreach ( $constants as $name => $value ) {
			$name = (string) $name;
			$code = constant_problem( $name, $value );
			if ( '' === $code ) {
				$regions[ $region ][ $name ] = $value;
			} else {
				$problems[] = compact( 'code', 'region', 'name' );
			}
		}
	}

	return compact( 'regions', 'problems' );
}

/**
 * Why a constant cannot be set, as a problem's code; '' when it can.
 *
 * @param string $name  The constant's name.
 * @param mixed  $value Its value.
 */
function constant_problem( string $name, mixed $value ): string {
	if ( 1 !== preg_match( '/^[A-Z][A-Z0-9_]{2,63}$/D', $name ) ) {
		return 'bad_name';
	}

	foreach ( REGION_MAP_RESERVED as $pattern ) {
		if ( 1 === preg_match( "/^(?:{$pattern})$/D", $name ) ) {
			return 'reserved_name';
		}
	}

	if ( ! is_scalar( $value ) || ( is_float( $value ) && ! is_finite( $value ) ) ) {
		return 'bad_value';
	}

	if ( is_string( $value ) && ( strlen( $value ) > REGION_MAP_VALUE_MAX || str_contains( $value, "\0" ) ) ) {
		return 'bad_value';
	}

	return '';
}
