<?php
/**
 * What the tests of login sessions ask of a WordPress, as JSON. Lies beside its wp-load.php; asked straight over FastCGI.
 *
 *   do     make (a user) | remove (the user) | sessions (of the user, as WordPress has them) | meta (those that the database has) |
 *          pending (logouts that the database remembers) | end (all) | end_late (this browser's, once the file uploads/go is there) | touch (all, as a plugin that keeps something in them) |
 *          drop (all of all users) | migrate | export | erase | set (the plugin's settings) | nonce (for `action`) |
 *          remember (a logout, as the database does) | dropped (when all of all users ended; another moment) |
 *          uninstall | partition | answered | queries (to the database, so far) | plugins (which ones are active)
 *   user   the user's login
 */

require __DIR__ . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/user.php';

$user = get_user_by( 'login', $_GET['user'] ?? '' );
$id   = $user ? $user->ID : 0;

function answer( string $what, int $id ): mixed {
	switch ( $what ) {
		case 'make':
			return wp_insert_user(
				array(
					'user_login' => $_GET['user'],
					'user_pass'  => $_GET['password'],
					'user_email' => "{$_GET['user']}@example.test",
					'role'       => $_GET['role'],
				)
			);
		case 'remove':
			return wp_delete_user( $id );
		case 'sessions':
			return WP_Session_Tokens::get_instance( $id )->get_all();
		case 'meta':
			return (object) get_user_meta( $id, 'session_tokens', true );
		case 'pending':
			return get_user_meta( $id, WP_DynamoDB\PENDING_META );
		case 'end':
			return WP_Session_Tokens::get_instance( $id )->destroy_all();
		case 'end_late':
			return end_late( $id );
		case 'touch':
			return touch_sessions( $id );
		case 'drop':
			return WP_Session_Tokens::destroy_all_for_all_users();
		case 'migrate':
			try {
				return WP_DynamoDB\Logins::of( $id )->migrate();
			} catch ( RuntimeException $problem ) {
				return $problem->getMessage();
			}
		case 'remember':
			return WP_DynamoDB\remember_logouts( $id, array(), (int) $_GET['epoch'], array( $_GET['keep'] ) );
		case 'dropped':
			$before = (int) get_site_option( WP_DynamoDB\DROPPED_OPTION );
			update_site_option( WP_DynamoDB\DROPPED_OPTION, (int) $_GET['at'] );
			return $before;
		case 'export':
			return WP_DynamoDB\export_logins( $_GET['user'] . '@example.test' );
		case 'erase':
			return WP_DynamoDB\erase_logins( $_GET['user'] . '@example.test' );
		case 'set':
			return update_option( WP_DynamoDB\SETTINGS_OPTION, json_decode( wp_unslash( $_GET['settings'] ), true ) );
		case 'nonce':
			return wp_create_nonce( $_GET['action'] );
		case 'queries':
			return get_num_queries();
		case 'plugins':
			return update_option( 'active_plugins', json_decode( wp_unslash( $_GET['active'] ), true ) );
		case 'uninstall':
			define( 'WP_UNINSTALL_PLUGIN', 'wp-dynamodb/wp-dynamodb.php' );
			return 1 === require WP_PLUGIN_DIR . '/wp-dynamodb/uninstall.php';
		case 'partition':
			return WP_DynamoDB\login_partition( $_GET['user'] );
		default:
			return WP_DynamoDB\Logins::of( $id )->has_answered();
	}
}

/** Between what the request has read and what it writes, another one writes. */
function end_late( int $id ): bool {
	$wait = static function ( mixed $check, int $user, string $key ): mixed {
		if ( WP_DynamoDB\PENDING_META === $key ) {
			touch( WP_CONTENT_DIR . '/uploads/read' );
			for ( $n = 0; $n < 500 && ! file_exists( WP_CONTENT_DIR . '/uploads/go' ); $n++ ) {
				usleep( 20000 );
			}
		}
		return $check;
	};
	add_filter( 'add_user_metadata', $wait, 10, 3 );
	add_filter( 'update_user_metadata', $wait, 10, 3 );
	WP_Session_Tokens::get_instance( $id )->destroy( wp_get_session_token() );

	return true;
}

function touch_sessions( int $id ): int {
	$manager = WP_Session_Tokens::get_instance( $id );
	$token   = wp_get_session_token();
	$manager->update( $token, array( 'touched' => true ) + $manager->get( $token ) );

	return 1;
}

header( 'Content-Type: application/json' );
echo wp_json_encode( answer( $_GET['do'], $id ) );
