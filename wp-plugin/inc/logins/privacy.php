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
	$user  = get_user_by( 'email', $email );
	$count = 0;
	$ended = array_fill_keys( array( 'holds', 'dynamodb', 'database' ), true );
	if ( $user && has_logins() ) {
		$logins = Logins::of( $user->ID );
		$count  = count( $logins->all() );
		$ended  = $logins->end_all_but( array() );
	}

	$messages = array();
	if ( ! $ended['holds'] ) {
		$messages[] = __( 'Neither DynamoDB nor the database takes changes at the moment: the login sessions have not ended, and nothing of them is removed. Erase them again later.', 'wp-dynamodb' );
	} else {
		if ( ! $ended['dynamodb'] ) {
			$messages[] = __( 'DynamoDB does not answer at the moment, so login sessions there could not be removed. They have ended, and expire by themselves.', 'wp-dynamodb' );
		}
		if ( ! $ended['database'] ) {
			$messages[] = __( 'The database takes no changes at the moment, so the copy of the login sessions in user meta could not be removed. Erase them again where it does.', 'wp-dynamodb' );
		}
	}

	return array(
		'items_removed'  => $count > 0 && ( $ended['dynamodb'] || $ended['database'] ),
		'items_retained' => array() !== $messages,
		'messages'       => $messages,
		'done'           => true,
	);
}
