<?php
/**
 * What DynamoDB has of one user's login sessions.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * The items of a partition (store.php says which there are): one read brings them, and each change is one write.
 */
final class Login_Items {

	/**
	 * Sessions of DynamoDB by verifier, as they were stored: array{session: array, created: int}.
	 *
	 * @var array<string, array{session: array<string, mixed>, created: int}>
	 */
	public array $stored = array();

	/**
	 * Verifiers of sessions that have ended, with the moment (ms) at which they did.
	 *
	 * @var array<string, int>
	 */
	public array $ended = array();

	/**
	 * Moments (ms) up to which all sessions have ended, with the verifiers that were kept.
	 *
	 * @var array<int, list<string>>
	 */
	public array $epochs = array();

	/**
	 * Whether DynamoDB has answered.
	 *
	 * @var bool
	 */
	public bool $answered = false;

	/**
	 * Why it has not: rights, table or settings are wrong, and will be until somebody puts them right.
	 *
	 * @var bool
	 */
	public bool $is_refused = false;

	/**
	 * Whether it may take as long as it takes: on a command line, where nobody waits for a page.
	 *
	 * @var bool
	 */
	public bool $is_patient = false;

	/**
	 * More than one read brings: the marks of what has ended may not all be there.
	 *
	 * @var bool
	 */
	private bool $is_large = false;

	/**
	 * Nor may those of "all that began until then": nobody can be told to be good.
	 *
	 * @var bool
	 */
	private bool $is_cut = false;

	/**
	 * Sessions whose own items have been asked for, by verifier: whether they could be read.
	 *
	 * @var array<string, bool>
	 */
	private array $looked_at = array();

	/**
	 * How long that took (seconds).
	 *
	 * @var float
	 */
	private float $looked_for = 0.0;

	/**
	 * Reads them.
	 *
	 * @param string $partition From login_partition(); '' is nobody's.
	 */
	public function __construct( public readonly string $partition ) {
		if ( '' === $partition ) {
			return;
		}

		try {
			if ( is_dynamodb_silent() ) {
				throw new \RuntimeException( 'all Regions have been asked in vain within the last ' . LOGINS_SILENT . ' s' );
			}
			$items = wp_dynamodb_query( self::table(), login_key( $this->partition ), LOGIN_QUERY );
			// What has expired counts, and is not among them.
			$this->is_large = count( $items ) > LOGIN_QUERY['limit'] / 2;
			if ( $this->is_large ) {
				// What has ended comes first: the sessions themselves must not be cut off.
				$this->is_cut = str_starts_with( (string) $items[ count( $items ) - 1 ]['item'], 'e#' );
				$items        = array_merge( $items, wp_dynamodb_query( self::table(), $this->key( 's#' ), LOGIN_QUERY ) );
			}
			array_map( array( $this, 'take' ), $items );
			$this->answered = true;
			note_logins_found();
		} catch ( \Throwable $problem ) {
			$this->is_refused = $problem instanceof \WpDynamoDb\AccessException || $problem instanceof \WpDynamoDb\ConfigException;
			log_logins( 'login sessions cannot be read, user meta stands in: ' . $problem->getMessage() );
		}
	}

	/**
	 * Reads the items of one session itself, where the one read of all may have ended before them. What was found in that read is known
	 * without: keys come in their order, the marks of what has ended before the sessions.
	 *
	 * @param string $verifier Its verifier.
	 * @param bool   $is_held  Somebody holds such a session: user meta, if not these items.
	 */
	public function look_at( string $verifier, bool $is_held ): void {
		$is_found = isset( $this->stored[ $verifier ] );
		$is_asked = $this->is_large || ( $is_held && ! $is_found );
		if ( ! $is_asked || ! $this->answered || isset( $this->ended[ $verifier ] ) || isset( $this->looked_at[ $verifier ] ) ) {
			return;
		}

		$began = microtime( true );
		// A page is not kept waiting for the sake of many others.
		$this->looked_at[ $verifier ] = $this->is_patient || $this->looked_for < LOGINS_LOOK;
		try {
			foreach ( $this->looked_at[ $verifier ] ? array( 'r#', ...( $is_found ? array() : array( 's#' ) ) ) : array() as $sort ) {
				$item = wp_dynamodb_get( self::table(), $this->key( $sort . $verifier ), array( 'consistent' => true ) );
				if ( null !== $item ) {
					$this->take( $item );
				}
			}
		} catch ( \Throwable $problem ) {
			$this->looked_at[ $verifier ] = false;
			log_logins( 'a login session cannot be read, and is not accepted: ' . $problem->getMessage() );
		}
		$this->looked_for += microtime( true ) - $began;
	}

	/**
	 * Whether nobody can tell if a session has ended, although DynamoDB answers.
	 *
	 * @param string $verifier Its verifier.
	 */
	public function is_unsure( string $verifier ): bool {
		return $this->is_cut || false === ( $this->looked_at[ $verifier ] ?? true );
	}

	/**
	 * Whether that is so for any.
	 */
	public function is_any_unsure(): bool {
		return $this->is_cut || in_array( false, $this->looked_at, true );
	}

	/**
	 * Sort keys of the "all that began until then" that a later one says, too: with nobody kept that the earlier one does not keep.
	 *
	 * @param int $until Of those until then (ms): by now every Region has the later one.
	 * @return list<string>
	 */
	public function epochs_said_twice( int $until ): array {
		$twice  = array();
		$later  = null;
		$epochs = array_filter( $this->epochs, static fn ( int $moment ): bool => $moment <= $until, ARRAY_FILTER_USE_KEY );
		krsort( $epochs );
		foreach ( $epochs as $moment => $keep ) {
			if ( null !== $later && array() === array_diff( $later, $keep ) ) {
				$twice[] = self::epoch_item( $moment );
			} else {
				$later = $keep;
			}
		}

		return array_reverse( $twice );
	}

	/**
	 * Stores a session in DynamoDB. Whether it did.
	 *
	 * @param string               $verifier Its verifier.
	 * @param array<string, mixed> $session  The session.
	 * @param int                  $created  When it began (ms).
	 */
	public function store( string $verifier, array $session, int $created ): bool {
		$this->stored[ $verifier ] = compact( 'session', 'created' );
		try {
			wp_dynamodb_put(
				self::table(),
				$this->key( "s#{$verifier}" ),
				array(
					'session' => (string) wp_json_encode( $session, JSON_INVALID_UTF8_SUBSTITUTE ),
					'created' => $created,
				),
				array( 'ttl' => max( (int) ( $session['expiration'] ?? 0 ) - time(), 1 ) )
			);
		} catch ( \Throwable $problem ) {
			log_logins( 'a login cannot be stored in DynamoDB, user meta stands in: ' . $problem->getMessage() );
			return false;
		}

		return true;
	}

	/**
	 * Stores that a session has ended.
	 *
	 * @param string $verifier Its verifier.
	 * @param int    $ttl      How long that is kept (seconds).
	 */
	public function store_end( string $verifier, int $ttl ): void {
		wp_dynamodb_put( self::table(), $this->key( "r#{$verifier}" ), array(), array( 'ttl' => $ttl ) );
	}

	/**
	 * Stores that all sessions that began until a moment have ended.
	 *
	 * @param int          $moment Milliseconds since 1970.
	 * @param list<string> $keep   But for these.
	 * @param int          $ttl    How long that is kept (seconds).
	 */
	public function store_epoch( int $moment, array $keep, int $ttl ): void {
		wp_dynamodb_put( self::table(), $this->key( self::epoch_item( $moment ) ), array( 'keep' => (string) wp_json_encode( $keep ) ), array( 'ttl' => $ttl ) );
	}

	/**
	 * Deletes an item that is not needed any more; should that fail, it expires. Whether it is gone.
	 *
	 * @param string $item Its sort key.
	 */
	public function remove( string $item ): bool {
		try {
			wp_dynamodb_delete( self::table(), $this->key( $item ) );
		} catch ( \Throwable ) {
			return false;
		}

		return true;
	}

	/**
	 * The sort key of "all that began until then have ended".
	 *
	 * @param int $moment Milliseconds since 1970.
	 */
	public static function epoch_item( int $moment ): string {
		return sprintf( 'e#%013d', $moment );
	}

	/**
	 * Takes one item of the partition.
	 *
	 * @param array<string, mixed> $item As DynamoDB has it.
	 */
	private function take( array $item ): void {
		$name = substr( (string) $item['item'], 2 );
		switch ( substr( (string) $item['item'], 0, 2 ) ) {
			case 's#':
				$session = json_decode( (string) ( $item['session'] ?? '' ), true );
				if ( is_array( $session ) ) {
					$this->stored[ $name ] = array(
						'session' => $session,
						'created' => (int) ( $item['created'] ?? 0 ),
					);
				}
				break;
			case 'r#':
				$this->ended[ $name ] = (int) ( $item['updated_at'] ?? 0 );
				break;
			case 'e#':
				$keep = json_decode( (string) ( $item['keep'] ?? '' ), true );
				// What cannot be read keeps nobody.
				$this->epochs[ (int) $name ] = is_array( $keep ) ? array_map( 'strval', array_values( $keep ) ) : array();
				break;
		}
	}

	/**
	 * The key of an item.
	 *
	 * @param string $item Its sort key.
	 * @return array{user: string, item: string}
	 */
	private function key( string $item ): array {
		return array(
			'user' => $this->partition,
			'item' => $item,
		);
	}

	/**
	 * The table.
	 */
	private static function table(): string {
		return (string) setting( 'logins_table' );
	}
}
