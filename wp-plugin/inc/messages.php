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
 * @param string                $name   The constant.
 * @param string|int|float|bool $wanted What the plugin would have given it.
 */
function conflict_text( string $name, string|int|float|bool $wanted ): string {
	/* translators: 1: name of a constant, 2: the value that the plugin would have given it. */
	return sprintf( __( '%1$s is already defined with another value; for the active Region it would be %2$s.', 'wp-dynamodb' ), $name, plain_value( $wanted ) );
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
