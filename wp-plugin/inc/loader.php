<?php
/**
 * Installs, updates and removes the must-use loader.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

// WP_Filesystem may ask for FTP credentials; this must work on activation or not at all.
// phpcs:disable WordPress.WP.AlternativeFunctions

/** Stands in every version of the loader, and so tells it from somebody else's file of that name. */
const LOADER_MARK = 'WP_DYNAMODB_LOADER_VERSION';

/**
 * The loader as the plugin ships it.
 */
function loader_source(): string {
	return dirname( __DIR__ ) . '/mu/wp-dynamodb-loader.php';
}

/**
 * The place where WordPress finds it.
 */
function loader_target(): string {
	return WPMU_PLUGIN_DIR . '/wp-dynamodb-loader.php';
}

/**
 * What is at that place.
 *
 * @return string `current`, `missing`, `outdated` (ours, another version) or `foreign` (not ours).
 */
function loader_state(): string {
	if ( ! file_exists( loader_target() ) ) {
		return 'missing';
	}

	$installed = is_readable( loader_target() ) ? (string) file_get_contents( loader_target() ) : '';
	if ( ! str_contains( $installed, LOADER_MARK ) ) {
		return 'foreign';
	}

	return file_get_contents( loader_source() ) === $installed ? 'current' : 'outdated';
}

/**
 * Installs or updates the loader where that is allowed and needed.
 *
 * @return bool Whether the loader is there, in this version.
 */
function install_loader(): bool {
	$state = loader_state();
	if ( 'missing' !== $state && 'outdated' !== $state ) {
		return 'current' === $state;
	}

	$folder = dirname( loader_target() );
	if ( ! wp_is_file_mod_allowed( 'wp_dynamodb_loader' ) || ! wp_mkdir_p( $folder ) || ! is_writable( $folder ) ) {
		return false;
	}

	// Written beside and renamed: another request never loads half a file. The name does not end
	// in .php, so that WordPress does not load it either.
	$draft = loader_target() . '.' . getmypid() . '.tmp';
	if ( ! copy( loader_source(), $draft ) || ! rename( $draft, loader_target() ) ) {
		wp_delete_file( $draft );
		return false;
	}

	if ( function_exists( 'opcache_invalidate' ) ) {
		opcache_invalidate( loader_target(), true );
	}

	return true;
}

/**
 * On every admin page: brings the loader to this version. Reads no file when it is.
 */
function update_loader(): void {
	if ( ! is_loader_current() ) {
		install_loader();
	}
}

/**
 * Whether this request was loaded by a loader of this version.
 */
function is_loader_current(): bool {
	return defined( 'WP_DYNAMODB_LOADER_VERSION' ) && VERSION === constant( 'WP_DYNAMODB_LOADER_VERSION' );
}

/**
 * Removes the loader, if it is ours and may be removed.
 */
function remove_loader(): void {
	$ours = in_array( loader_state(), array( 'current', 'outdated' ), true );
	if ( $ours && wp_is_file_mod_allowed( 'wp_dynamodb_loader' ) && is_writable( dirname( loader_target() ) ) ) {
		wp_delete_file( loader_target() );
	}
}

/**
 * The shell command that installs the loader by hand; makes the folder when it is missing.
 */
function loader_command(): string {
	// Not escapeshellarg(): many hosts disable it, and a disabled function is fatal.
	$quote = static fn ( string $path ): string => "'" . str_replace( "'", "'\\''", $path ) . "'";

	return 'install -D -m 0644 ' . $quote( loader_source() ) . ' ' . $quote( loader_target() );
}
