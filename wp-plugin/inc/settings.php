<?php
/**
 * The plugin's own settings: one table, and where each value comes from.
 *
 * A constant in wp-config.php comes first, then the environment, then the option that the
 * settings page writes (the network's on multisite), then the default. What stands in a
 * constant or in the environment is fixed: the page shows it and does not change it.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

const SETTINGS_OPTION = 'wp_dynamodb_settings';

/**
 * The settings: key => type, default, and for numbers the least and the most.
 * The constant and the variable of `logins_table` are both WP_DYNAMODB_LOGINS_TABLE.
 */
const SETTINGS = array(
	'logins'        => array(
		'type'    => 'flag',
		'default' => false,
	),
	'logins_table'  => array(
		'type'    => 'table',
		'default' => 'wordpress_logins',
	),
	'logins_cap'    => array(
		'type'    => 'number',
		'default' => 50,
		'least'   => 1,
		'most'    => 200,
	),
	'logins_window' => array(
		'type'    => 'number',
		'default' => 3600,
		'least'   => 0,
		'most'    => 86400,
	),
	'media'         => array(
		'type'    => 'flag',
		'default' => true,
	),
	'admin_bar'     => array(
		'type'    => 'flag',
		'default' => true,
	),
);

/**
 * One setting: its value and where it is from.
 *
 * @param string $key A key of SETTINGS.
 * @return array{value: bool|int|string, source: string, name: string, problem: string} `source` is
 *         constant, environment, option or default; `name` is that of constant and variable;
 *         `problem` says what is wrong with a value that was passed over, or is ''.
 */
function setting_with_source( string $key ): array {
	$name    = 'WP_DYNAMODB_' . strtoupper( $key );
	$stored  = stored_option( SETTINGS_OPTION );
	$sources = array();
	if ( defined( $name ) ) {
		$sources['constant'] = constant( $name );
	}
	if ( false !== getenv( $name ) && '' !== getenv( $name ) ) {
		$sources['environment'] = getenv( $name );
	}
	if ( is_array( $stored ) && isset( $stored[ $key ] ) ) {
		$sources['option'] = $stored[ $key ];
	}

	$problem = '';
	foreach ( $sources as $source => $raw ) {
		$value = clean_setting( $key, $raw );
		if ( null !== $value ) {
			return compact( 'value', 'source', 'name', 'problem' );
		}
		$problem = $source;
	}

	return array(
		'value'   => SETTINGS[ $key ]['default'],
		'source'  => 'default',
		'name'    => $name,
		'problem' => $problem,
	);
}

/**
 * The value of a setting.
 *
 * @param string $key A key of SETTINGS.
 */
function setting( string $key ): bool|int|string {
	static $values = array();
	// Read once in a request, but for tests and the settings page, which change it.
	$version = (string) wp_json_encode( stored_option( SETTINGS_OPTION ) );
	if ( ! isset( $values[ $version ][ $key ] ) ) {
		$values[ $version ][ $key ] = setting_with_source( $key )['value'];
	}

	return $values[ $version ][ $key ];
}

/**
 * A raw value as the setting's type has it; null when it is none.
 *
 * @param string $key A key of SETTINGS.
 * @param mixed  $raw From anywhere.
 */
function clean_setting( string $key, mixed $raw ): bool|int|string|null {
	$setting = SETTINGS[ $key ];
	switch ( $setting['type'] ) {
		case 'flag':
			return is_scalar( $raw ) ? filter_var( $raw, FILTER_VALIDATE_BOOLEAN, FILTER_NULL_ON_FAILURE ) : null;
		case 'number':
			$range  = array(
				'min_range' => $setting['least'],
				'max_range' => $setting['most'],
			);
			$number = is_scalar( $raw ) && ! is_bool( $raw ) ? filter_var( $raw, FILTER_VALIDATE_INT, array( 'options' => $range ) ) : false;
			return false === $number ? null : $number;
		default:
			return is_string( $raw ) && 1 === preg_match( '/^[A-Za-z0-9._-]{3,255}$/D', $raw ) ? $raw : null;
	}
}
