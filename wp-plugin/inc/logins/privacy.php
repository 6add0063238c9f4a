<?php
/**
 * Personal data: login sessions hold addresses and user agents. WordPress's own exporter knows only those in user meta.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * On `wp_privacy_personal_data_exporters`.
 *
 * @param array<string, array<string, mixed>> $exporters Those of others.
 * @return array<string, array<string, mixed>>
 */
function add_exporter( array $exporters ): array {
	$exporters['wp-dynamodb'] = array(
		'exporter_friendly_name' => __( 'Login sessions in DynamoDB', 'wp-dynamodb' ),
		'callback'               => __NAMESPACE__ . '\\export_logins',
	);

	return $exporters;
}

/**
 * On `wp_privacy_personal_data_erasers`.
 *
 * @param array<string, array<string, mixed>> $erasers Those of others.
 * @return array<string, array<string, mixed>>
 */
function add_eraser( array $erasers ): array {
	$erasers['wp-dynamodb'] = array(
		'eraser_friendly_name' => __( 'Login sessions in DynamoDB', 'wp-dynamodb' ),
		'callback'             => __NAMESPACE__ . '\\erase_logins',
	);

	return $erasers;
}

/**
 * The login sessions of a person.
 *
 * @param string $email The person's address.
 * @return array{data: list<array<string, mixed>>, done: bool}
 */
function export_logins( string $email ): array {
	$user = get_user_by( 'email', $email );
	$data = array();
	foreach ( $user && has_logins() ? Logins::of( $user->ID )->all() : array() as $verifier => $session ) {
		$rows = array(
			__( 'Address', 'wp-dynamodb' ) => $session['ip'] ?? '',
			__( 'Device', 'wp-dynamodb' )  => $session['ua'] ?? '',
			__( 'Since', 'wp-dynamodb' )   => login_time( (int) ( $session['login'] ?? 0 ) ),
			__( 'Until', 'wp-dynamodb' )   => login_time( (int) ( $session['expiration'] ?? 0 ) ),
		);

		$data[] = array(
			'group_id'    => 'wp-dynamodb-logins',
			'group_label' => __( 'Login sessions in DynamoDB', 'wp-dynamodb' ),
			'item_id'     => 'login-' . substr( (string) $verifier, 0, 12 ),
			'data'        => array_map(
				static fn ( string $name, mixed $value ): array => array(
					'name'  => $name,
					'value' => is_scalar( $value ) ? (string) $value : '',
				),
				array_keys( $rows ),
				$rows
			),
		);
	}

	return array(
		'data' => $data,
		'done' => true,
	);
}

/**
 * Ends and removes the login sessions of a person.
 *
 * @param string $email The person's address.
 * @return array{items_removed: bool, items_retained: bool, messages: list<string>, done: bool}
 */
function erase_logins( string $email ): array {
	$user     = get_user_by( 'email', $email );
	$count    = 0;
	$answered = true;
	if ( $user && has_logins() ) {
		$logins   = Logins::of( $user->ID );
		$count    = count( $logins->all() );
		$answered = $logins->has_answered();
		$logins->end_all_but( array() );
	}

	$late = __( 'DynamoDB does not answer at the moment, so login sessions there could not be removed. They have ended, and expire by themselves.', 'wp-dynamodb' );

	return array(
		'items_removed'  => $count > 0 && $answered,
		'items_retained' => ! $answered,
		'messages'       => $answered ? array() : array( $late ),
		'done'           => true,
	);
}
