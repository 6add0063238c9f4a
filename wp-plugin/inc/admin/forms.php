<?php
/**
 * What the settings page stores, and its checks: Settings API on a single site, the same checks on a network.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * On `admin_init`.
 */
function register_settings(): void {
	// A network's are stored by save_network_settings(). WordPress's own page for options would let a site's administrator store some.
	if ( is_multisite() ) {
		return;
	}
	register_setting(
		'wp_dynamodb_settings',
		SETTINGS_OPTION,
		array(
			'type'              => 'object',
			'sanitize_callback' => __NAMESPACE__ . '\\sanitize_settings',
			'default'           => array(),
			'show_in_rest'      => false,
		)
	);
	register_setting(
		'wp_dynamodb_map',
		REGION_MAP_OPTION,
		array(
			'type'              => 'object',
			'sanitize_callback' => __NAMESPACE__ . '\\sanitize_region_map',
			'default'           => array(),
			'show_in_rest'      => false,
		)
	);
}

/**
 * The settings as they are stored. What is not valid is refused with a message, and stays as it was.
 *
 * @param mixed $input What the form sent.
 * @return array<string, mixed>
 */
function sanitize_settings( mixed $input ): array {
	$held = stored_option( SETTINGS_OPTION );
	$held = is_array( $held ) ? array_intersect_key( $held, SETTINGS ) : array();
	if ( ! is_array( $input ) ) {
		refuse( 'wp_dynamodb_settings', __( 'Nothing was saved: the form was not complete.', 'wp-dynamodb' ) );
		return $held;
	}
	$clean = $held;
	foreach ( SETTINGS as $key => $setting ) {
		if ( in_array( setting_with_source( $key )['source'], array( 'constant', 'environment' ), true ) || ! array_key_exists( $key, $input ) ) {
			continue;
		}
		// As it was sent: a value that had to be cleaned first is not what was meant.
		$raw   = is_string( $input[ $key ] ) ? trim( $input[ $key ], " \t\n\r" ) : $input[ $key ];
		$value = clean_setting( $key, $raw );
		if ( null === $value ) {
			/* translators: 1: name of a setting, 2: what it may be. */
			refuse( "wp_dynamodb_{$key}", sprintf( __( '%1$s was not saved: it must be %2$s.', 'wp-dynamodb' ), setting_label( $key ), setting_allowed( $key ) ) );
			continue;
		}
		$clean[ $key ] = $value;
	}

	return $clean;
}

/**
 * The Region map as it is stored. With a problem in it nothing is stored.
 *
 * @param mixed $input What the form sent, or a map.
 * @return array<string, array<string, scalar>>
 */
function sanitize_region_map( mixed $input ): array {
	$held = stored_option( REGION_MAP_OPTION );
	$held = is_array( $held ) ? $held : array();
	if ( 'constant' === region_map()['source'] || 'environment' === region_map()['source'] ) {
		refuse( 'wp_dynamodb_map', __( 'Nothing was saved: the Region map is fixed in wp-config.php or in the environment.', 'wp-dynamodb' ) );
		return $held;
	}
	$found = validate_region_map( is_array( $input ) ? typed_map( $input, $held ) : $input );
	foreach ( $found['problems'] as $number => $problem ) {
		refuse( "wp_dynamodb_map_{$number}", region_map_problem_text( $problem ) );
	}
	if ( array() !== $found['problems'] ) {
		refuse( 'wp_dynamodb_map', __( 'The Region map was not saved; mend this and save again.', 'wp-dynamodb' ) );
		return $held;
	}

	return array_filter( $found['regions'] );
}

/**
 * A map from the form's rows of names and values; anything else as it is.
 *
 * @param array<mixed> $input Region → array( 'name' => list, 'value' => list ), or Region → constants.
 * @param array<mixed> $held  The stored map.
 * @return array<mixed>
 */
function typed_map( array $input, array $held ): array {
	$map = array();
	foreach ( $input as $region => $rows ) {
		if ( ! is_array( $rows ) || ! is_array( $rows['name'] ?? null ) || ! is_array( $rows['value'] ?? null ) ) {
			$map[ $region ] = $rows;
			continue;
		}
		$map[ $region ] = array();
		foreach ( $rows['name'] as $index => $name ) {
			$name  = is_string( $name ) ? trim( $name ) : '';
			$value = $rows['value'][ $index ] ?? '';
			if ( '' === $name && ( '' === $value || ( is_string( $value ) && '' === trim( $value ) ) ) ) {
				continue;
			}
			$before                  = $held[ $region ][ $name ] ?? null;
			$map[ $region ][ $name ] = is_string( $value ) ? typed_value( $value, $before ) : $value;
		}
	}

	return $map;
}

/**
 * What a field of the form means: `true` and `false` are what they say, a text in double quotes is read as JSON, any other is itself,
 * without the spaces around it. A number that has not been changed stays one.
 *
 * @param string $text As it was typed.
 * @param mixed  $held What is stored.
 */
function typed_value( string $text, mixed $held ): string|int|float|bool {
	$text = trim( $text, " \t\n\r" );
	if ( ( is_int( $held ) || is_float( $held ) ) && (string) $held === $text ) {
		return $held;
	}
	$words  = array(
		'true'  => true,
		'false' => false,
	);
	$quoted = str_starts_with( $text, '"' ) ? json_decode( $text ) : null;

	return is_string( $quoted ) ? $quoted : ( $words[ strtolower( $text ) ] ?? $text );
}

/**
 * A value as the form shows it: typed_value() makes the same of it again.
 *
 * @param string|int|float|bool $value The value.
 */
function field_text( string|int|float|bool $value ): string {
	if ( ! is_string( $value ) ) {
		return is_bool( $value ) ? ( $value ? 'true' : 'false' ) : (string) $value;
	}
	// A browser takes line breaks out of a field, and nobody sees a space at its end.
	$plain = typed_value( $value, null ) === $value && 1 !== preg_match( '/[\x00-\x1f]|^\s|\s$/', $value );

	return $plain ? $value : (string) wp_json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
}

/**
 * Says why something was not stored.
 *
 * @param string $code Which field.
 * @param string $text Why.
 */
function refuse( string $code, string $text ): void {
	if ( function_exists( 'add_settings_error' ) ) {
		add_settings_error( 'wp_dynamodb', $code, $text );
	}
}

/**
 * A network's form (`network_admin_edit_wp_dynamodb`): WordPress has no options.php for networks.
 */
function save_network_settings(): void {
	$page = is_string( $_POST['option_page'] ?? null ) ? sanitize_key( $_POST['option_page'] ) : '';
	check_admin_referer( "{$page}-options" );
	if ( ! may_manage() || ! in_array( $page, array( 'wp_dynamodb_settings', 'wp_dynamodb_map' ), true ) ) {
		wp_die( esc_html__( 'You are not allowed to do this.', 'wp-dynamodb' ), '', array( 'response' => 403 ) );
	}

	// phpcs:disable WordPress.Security.ValidatedSanitizedInput -- the two functions check every part.
	if ( 'wp_dynamodb_settings' === $page ) {
		update_site_option( SETTINGS_OPTION, sanitize_settings( wp_unslash( $_POST[ SETTINGS_OPTION ] ?? null ) ) );
	} else {
		update_site_option( REGION_MAP_OPTION, sanitize_region_map( wp_unslash( $_POST[ REGION_MAP_OPTION ] ?? null ) ) );
	}
	// phpcs:enable

	$errors = get_settings_errors( 'wp_dynamodb' );
	if ( array() === $errors ) {
		add_settings_error( 'wp_dynamodb', 'saved', __( 'Settings saved.', 'wp-dynamodb' ), 'success' );
	}
	set_transient( 'settings_errors', get_settings_errors( 'wp_dynamodb' ), 30 );
	wp_safe_redirect( add_query_arg( 'settings-updated', 'true', page_url() ) );
	exit;
}

/**
 * What a setting is called.
 *
 * @param string $key A key of SETTINGS.
 */
function setting_label( string $key ): string {
	$labels = array(
		'logins'        => __( 'Login sessions in DynamoDB', 'wp-dynamodb' ),
		'logins_table'  => __( 'Table of login sessions', 'wp-dynamodb' ),
		'logins_cap'    => __( 'Logins of one user', 'wp-dynamodb' ),
		'logins_window' => __( 'Logins in an outage', 'wp-dynamodb' ),
		'media'         => __( 'Media plugins follow the Region', 'wp-dynamodb' ),
		'admin_bar'     => __( 'State in the admin bar', 'wp-dynamodb' ),
	);

	return $labels[ $key ];
}

/**
 * What a setting may be.
 *
 * @param string $key A key of SETTINGS.
 */
function setting_allowed( string $key ): string {
	$setting = SETTINGS[ $key ];
	switch ( $setting['type'] ) {
		case 'flag':
			return __( 'on or off', 'wp-dynamodb' );
		case 'number':
			/* translators: 1: smallest number, 2: largest number. */
			return sprintf( __( 'a whole number from %1$s to %2$s', 'wp-dynamodb' ), number_format_i18n( $setting['least'] ), number_format_i18n( $setting['most'] ) );
		default:
			return __( 'the name of a DynamoDB table: 3 to 255 letters, digits and . - _', 'wp-dynamodb' );
	}
}

/**
 * What a setting is for.
 *
 * @param string $key A key of SETTINGS.
 */
function setting_help( string $key ): string {
	$texts = array(
		'logins'        => __( 'Nobody has to log in again when a Region is lost, a logout counts everywhere at once. Needs a table of its own. Switching it logs nobody out.', 'wp-dynamodb' ),
		'logins_table'  => __( 'Keys: user (partition) and item (sort), both texts; TTL on the same attribute as the session table.', 'wp-dynamodb' ),
		'logins_cap'    => __( 'One more login ends the oldest.', 'wp-dynamodb' ),
		'logins_window' => __( 'Seconds for which the copies in the database count while no Region’s DynamoDB answers. A logout that the database could not note is unknown so long.', 'wp-dynamodb' ),
		'media'         => __( 'S3-Uploads, WP Offload Media and Media Cloud use the bucket’s Region and host of the Region map.', 'wp-dynamodb' ),
		'admin_bar'     => __( 'For those who may see this page.', 'wp-dynamodb' ),
	);

	return $texts[ $key ];
}
