<?php
/**
 * What one health check has found out, for all processes of the host: /healthz is open to everybody, and whoever asks the database
 * opens a connection. Names no WordPress function.
 *
 * A small file that the one who asks has locked. Nobody else asks then, nor for a second after.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || defined( 'WP_DYNAMODB_HEALTHZ' ) || exit;

/** How long an answer counts, in seconds. */
const ANSWER_COUNTS = 1.0;

/** How long to wait for the one who is asking, in seconds. Who takes longer has an answer that is no good. */
const ANSWER_WAIT = 1.05;

/** Who has waited for longer than that (seconds), and for nothing, has no time left to ask. */
const ANSWER_IN_TIME = 0.1;

/** How long the last answer tells something (seconds) to the one who asks anew. */
const ANSWER_REMEMBERED = 3600;

/** The file's size: it is overwritten in place, which a full disk does not hinder. */
const ANSWER_BYTES = 64;

/**
 * The answer of the last second; else of the one who is asking just now; else one's own, when there is time for it.
 *
 * @param string   $name For the file: what is asked.
 * @param callable $ask  Asks: `fn( string|null $before ): string`, with the last answer when it is younger than an hour.
 * @param string   $late The answer when somebody has been asking for too long.
 */
function shared_answer( string $name, callable $ask, string $late ): string {
	$file = open_answer( $name );
	if ( null === $file ) {
		// Nowhere to write. Too many questions are better than a wrong answer.
		return $ask( null );
	}
	$began = microtime( true );
	while ( ! flock( $file, LOCK_EX | LOCK_NB ) ) {
		if ( microtime( true ) - $began > ANSWER_WAIT ) {
			return $late;
		}
		usleep( 10000 );
	}

	list( $at, $held ) = array_pad( explode( ' ', rtrim( (string) fread( $file, ANSWER_BYTES ) ), 2 ), 2, '' );
	$age               = is_numeric( $at ) ? microtime( true ) - (float) $at : -1;
	// A clock that was set back makes an answer of the future.
	if ( $age >= 0 && $age < ANSWER_COUNTS ) {
		return $held;
	}
	if ( microtime( true ) - $began > ANSWER_IN_TIME ) {
		// The one who was asking has been cut off.
		return $late;
	}
	$answer = $ask( $age >= 0 && $age < ANSWER_REMEMBERED ? $held : null );
	// Rounded down: one of the future would not count.
	write_answer( $file, sprintf( '%.3F %s', floor( 1000 * microtime( true ) ) / 1000, $answer ) );

	return $answer;
}

/**
 * Overwrites the file. One that does not take it is of no use to anybody, and goes: the next one who asks begins in another place.
 *
 * @param resource $file   From open_answer().
 * @param string   $answer What stands in it.
 * @return bool Whether it took it.
 */
function write_answer( $file, string $answer ): bool {
	return without_notices(
		static function () use ( $file, $answer ): bool {
			$took = rewind( $file ) && ANSWER_BYTES === fwrite( $file, str_pad( $answer, ANSWER_BYTES ) );
			return $took || ( unlink( stream_get_meta_data( $file )['uri'] ) && false );
		}
	);
}

/**
 * Does what may fail: that is not news, and may not fill the log.
 *
 * @template T
 * @param callable(): T $act Does it.
 * @return T
 */
function without_notices( callable $act ): mixed {
	set_error_handler( static fn (): bool => true ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions
	try {
		return $act();
	} finally {
		restore_error_handler();
	}
}

/**
 * Where it may be: in memory, beside the extension's state file, among temporary files.
 *
 * @param string $name What is asked.
 * @return list<string> None where it could not be told whose file it is.
 */
function answer_files( string $name ): array {
	$folders = array( '/dev/shm', dirname( (string) ini_get( 'wp_dynamodb.state_file' ) ), sys_get_temp_dir() );
	$mine    = function_exists( 'posix_geteuid' ) ? posix_geteuid() : null;

	return null === $mine ? array() : array_map(
		static fn ( string $folder ): string => "{$folder}/wp-dynamodb-{$name}-{$mine}",
		array_values( array_filter( $folders, static fn ( string $folder ): bool => str_starts_with( $folder, '/' ) ) )
	);
}

/**
 * Opens the file, in the first of these places where that can be done. Closing it, which PHP does by itself, ends the lock.
 *
 * @param string $name What is asked.
 * @return resource|null
 */
function open_answer( string $name ) {
	$mask = umask( 0077 );
	try {
		foreach ( answer_files( $name ) as $path ) {
			$file = without_notices( static fn () => fopen( $path, 'c+' ) );
			if ( false !== $file && is_own_answer( $file, $path ) && has_room( $file ) ) {
				return $file;
			}
		}
	} finally {
		umask( $mask );
	}

	return null;
}

/**
 * Anybody may write to two of these folders: what somebody else has put there, or a link, is not used.
 *
 * @param resource $file Open.
 * @param string   $path Where.
 */
function is_own_answer( $file, string $path ): bool {
	$is   = fstat( $file );
	$link = without_notices( static fn () => lstat( $path ) );

	return $is && $link && $is['ino'] === $link['ino'] && $is['dev'] === $link['dev'] && 1 === $is['nlink'] && posix_geteuid() === $is['uid'];
}

/**
 * Whether an answer fits into the file. A disk that is full lets a file be made, and nothing be written into it; one that has been
 * written is overwritten in place.
 *
 * @param resource $file Open.
 */
function has_room( $file ): bool {
	if ( fstat( $file )['size'] >= ANSWER_BYTES ) {
		return true;
	}
	$has = write_answer( $file, '' );
	rewind( $file );

	return $has;
}
