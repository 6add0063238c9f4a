<?php
/**
 * What the plugin tells administrators, as plain text. Called on screens only, after translations load.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * A problem of the Region map in words.
 *
 * @param array<string, string> $problem One of region_map()'s problems.
 */
function region_map_problem_text( array $problem ): string {
	$region = $problem['region'] ?? '';
	$name   = $problem['name'] ?? '';

	switch ( $problem['code'] ) {
		case 'bad_json':
			return __( 'The map is not valid JSON of an object with Regions as keys.', 'wp-dynamodb' );
		case 'bad_map':
			return __( 'The map is not an array with Regions as keys.', 'wp-dynamodb' );
		case 'bad_region':
			/* translators: %s: what stands where a Region's name should. */
			return sprintf( __( '“%s” is not the name of an AWS Region.', 'wp-dynamodb' ), $region );
		case 'bad_constants':
			/* translators: %s: Region. */
			return sprintf( __( '%s: expected an array of constants and their values.', 'wp-dynamodb' ), $region );
		case 'region_missing':
			/* translators: %s: Region. */
			return sprintf( __( '%s is the active Region, but the map has no entry for it.', 'wp-dynamodb' ), $region );
		case 'bad_name':
			/* translators: 1: Region, 2: name of a constant. */
			return sprintf( __( '%1$s: “%2$s” is not a constant’s name (capitals, digits and underscores, 3 to 64).', 'wp-dynamodb' ), $region, $name );
		case 'reserved_name':
			/* translators: 1: Region, 2: name of a constant. */
			return sprintf( __( '%1$s: %2$s is reserved for WordPress or PHP, or holds a secret, and cannot be set here.', 'wp-dynamodb' ), $region, $name );
		default:
			/* translators: 1: Region, 2: name of a constant. */
			return sprintf( __( '%1$s: the value of %2$s must be a text of at most 8 KB, a number, true or false.', 'wp-dynamodb' ), $region, $name );
	}
}

/**
 * A conflict in words.
 *
 * @param string                              $name     The constant.
 * @param array{wanted: scalar, actual: mixed} $conflict As define_constants() reports it.
 */
function conflict_text( string $name, array $conflict ): string {
	$actual = is_scalar( $conflict['actual'] ) ? plain_value( $conflict['actual'] ) : gettype( $conflict['actual'] );

	/* translators: 1: name of a constant, 2: its value, 3: the value that the plugin would have given it. */
	return sprintf( __( '%1$s is already defined as %2$s; for the active Region it would be %3$s.', 'wp-dynamodb' ), $name, $actual, plain_value( $conflict['wanted'] ) );
}

/**
 * A constant's value as one would type it, shortened.
 *
 * @param string|int|float|bool $value The value.
 */
function plain_value( string|int|float|bool $value ): string {
	$text = (string) wp_json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );

	return mb_strlen( $text ) > 120 ? mb_substr( $text, 0, 120 ) . '…' : $text;
}
