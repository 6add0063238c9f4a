<?php
/**
 * Logouts that DynamoDB has still to be told of: one row of user meta for each, so that none overwrites another one that came at the
 * same moment.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/** The rows' key. Each is array{verifiers: list<string>, epoch: int, keep: list<string>}. */
const PENDING_META = '_wp_dynamodb_pending_logouts';

/**
 * Remembers a logout. Whether the database took it.
 *
 * @param int          $user_id   Whose sessions they are.
 * @param list<string> $verifiers Sessions that have ended.
 * @param int          $epoch     All that began until then have ended (ms), or 0.
 * @param list<string> $keep      But for these.
 */
function remember_logouts( int $user_id, array $verifiers, int $epoch = 0, array $keep = array() ): bool {
	$row    = compact( 'verifiers', 'epoch', 'keep' );
	$before = pending_logouts( $user_id );
	$stored = quietly( static fn (): bool => false !== add_user_meta( $user_id, PENDING_META, wp_slash( $row ) ) );
	if ( $stored && $epoch > 0 ) {
		// While login sessions are not kept in DynamoDB for long, nobody takes the rows away: those that say nothing more go.
		$covered = static fn ( array $old ): bool => array() === $old['verifiers'] && $old['epoch'] < $epoch && array() === array_diff( $keep, $old['keep'] );
		forget_logouts( $user_id, array_filter( $before, $covered ) );
	}

	return $stored;
}

/**
 * The logouts that are remembered.
 *
 * @param int $user_id Whose.
 * @return list<array{verifiers: list<string>, epoch: int, keep: list<string>}>
 */
function pending_logouts( int $user_id ): array {
	$texts = static fn ( mixed $list ): array => array_map( 'strval', array_values( (array) $list ) );

	return array_map(
		static fn ( array $row ): array => array(
			'verifiers' => $texts( $row['verifiers'] ?? array() ),
			'epoch'     => (int) ( $row['epoch'] ?? 0 ),
			'keep'      => $texts( $row['keep'] ?? array() ),
		),
		array_values( array_filter( (array) get_user_meta( $user_id, PENDING_META ), 'is_array' ) )
	);
}

/**
 * Takes rows away, and only those: another request may have added one meanwhile.
 *
 * @param int                                                                   $user_id Whose.
 * @param array<array{verifiers: list<string>, epoch: int, keep: list<string>}> $rows    From pending_logouts().
 */
function forget_logouts( int $user_id, array $rows ): void {
	quietly(
		static function () use ( $user_id, $rows ): bool {
			foreach ( $rows as $row ) {
				delete_user_meta( $user_id, PENDING_META, wp_slash( $row ) );
			}
			return true;
		}
	);
}
