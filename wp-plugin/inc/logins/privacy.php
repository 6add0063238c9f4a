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
 * The login sessions of a person, where they can be asked for; null when there are none, or no way to them.
 *
 * @param string $email The person's address.
 */
function logins_of_person( string $email ): ?Logins {
	$user = get_user_by( 'email', $email );

	return $user && ( has_logins() || holds_logins( login_partition( $user->user_login ) ) ) ? Logins::of( $user->ID ) : null;
}

/**
 * Whether DynamoDB may have some although login sessions are switched off: what was stored before lies there until it expires.
 *
 * @param string $partition From login_partition().
 */
function holds_logins( string $partition ): bool {
	if ( ! function_exists( 'wp_dynamodb_query' ) ) {
		return false;
	}
	try {
		return array() !== wp_dynamodb_query( (string) setting( 'logins_table' ), login_key( $partition ), LOGIN_QUERY );
	} catch ( \WpDynamoDb\ConfigException | \WpDynamoDb\AccessException ) {
		// No such table, or not for this host: as where they have never been kept.
		return false;
	} catch ( \Throwable ) {
		// Where the table has never answered, nobody may be logged out for it.
		return is_logins_table_found();
	}
}

/**
 * Whether login sessions are kept in DynamoDB, and this host has no way to them.
 */
function lacks_way_to_logins(): bool {
	return true === setting( 'logins' ) && ! has_logins();
}

/**
 * The login sessions of a person. WordPress's exporters have no messages: what is missing is said in the export itself.
 *
 * @param string $email The person's address.
 * @return array{data: list<array<string, mixed>>, done: bool}
 */
function export_logins( string $email ): array {
	$logins = logins_of_person( $email );
	$data   = array();
	foreach ( null === $logins ? array() : $logins->all() as $verifier => $session ) {
		$data[] = exported_login(
			substr( (string) $verifier, 0, 12 ),
			array(
				__( 'Address', 'wp-dynamodb' ) => $session['ip'] ?? '',
				__( 'Device', 'wp-dynamodb' )  => $session['ua'] ?? '',
				__( 'Since', 'wp-dynamodb' )   => login_time( (int) ( $session['login'] ?? 0 ) ),
				__( 'Until', 'wp-dynamodb' )   => login_time( (int) ( $session['expiration'] ?? 0 ) ),
			)
		);
	}
	$is_whole = null === $logins ? ! ( lacks_way_to_logins() && get_user_by( 'email', $email ) ) : $logins->is_whole();
	if ( ! $is_whole ) {
		$said   = __( 'DynamoDB did not answer, so login sessions may be missing here. Export them again later.', 'wp-dynamodb' );
		$data[] = exported_login( 'incomplete', array( __( 'Incomplete', 'wp-dynamodb' ) => $said ) );
	}

	return array(
		'data' => $data,
		'done' => true,
	);
}

/**
 * One entry of an export.
 *
 * @param string               $id   Its name among them.
 * @param array<string, mixed> $rows Values by name.
 * @return array<string, mixed>
 */
function exported_login( string $id, array $rows ): array {
	return array(
		'group_id'    => 'wp-dynamodb-logins',
		'group_label' => __( 'Login sessions in DynamoDB', 'wp-dynamodb' ),
		'item_id'     => "login-{$id}",
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

/**
 * Ends and removes the login sessions of a person.
 *
 * @param string $email The person's address.
 * @return array{items_removed: bool, items_retained: bool, messages: list<string>, done: bool}
 */
function erase_logins( string $email ): array {
	$logins   = logins_of_person( $email );
	$count    = null === $logins ? 0 : count( $logins->all() );
	$ended    = null === $logins ? array_fill_keys( array( 'holds', 'dynamodb', 'database' ), true ) : $logins->end_all_but( array() );
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
	if ( null === $logins && lacks_way_to_logins() && get_user_by( 'email', $email ) ) {
		$messages[] = __(
			'The extension is missing on this host, so login sessions in DynamoDB could not be removed. Erase them again where it is there; else they expire by themselves.',
			'wp-dynamodb'
		);
	}

	return array(
		'items_removed'  => $count > 0 && ( $ended['dynamodb'] || $ended['database'] ),
		'items_retained' => array() !== $messages,
		'messages'       => $messages,
		'done'           => true,
	);
}
