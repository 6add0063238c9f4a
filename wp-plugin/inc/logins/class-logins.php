<?php
/**
 * The login sessions of one user.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * Reads and changes them: in DynamoDB, and beside it in user meta, where WordPress would keep them. That copy lets nobody be
 * logged out when the plugin is switched off, or while DynamoDB does not answer.
 *
 * What a page does with them costs one read at most, however often it asks.
 */
final class Logins {

	/**
	 * Those of this request, by user.
	 *
	 * @var array<int, Logins>
	 */
	private static array $known = array();

	/**
	 * A session was asked for and it could not be told whether it is good: nobody may burn its cookie.
	 *
	 * @var bool
	 */
	private static bool $inconclusive = false;

	/**
	 * Sessions of DynamoDB by verifier, as they were stored: array{session: array, created: int}.
	 *
	 * @var array<string, array{session: array<string, mixed>, created: int}>
	 */
	private array $stored = array();

	/**
	 * Verifiers of sessions that have ended, with the moment (ms) at which they did.
	 *
	 * @var array<string, int>
	 */
	private array $ended = array();

	/**
	 * Moments (ms) up to which all sessions have ended, with the verifiers that were kept.
	 *
	 * @var array<int, list<string>>
	 */
	private array $epochs = array();

	/**
	 * Whether DynamoDB has answered.
	 *
	 * @var bool
	 */
	private bool $answered = false;

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
	 * The partition.
	 *
	 * @var string
	 */
	private string $partition;

	/**
	 * Reads the user's items.
	 *
	 * @param int $user_id The user.
	 */
	private function __construct( private int $user_id ) {
		$user            = get_userdata( $user_id );
		$this->partition = $user ? login_partition( $user->user_login ) : '';
		if ( '' === $this->partition ) {
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
		} catch ( \Throwable $problem ) {
			log_logins( 'login sessions cannot be read, user meta stands in: ' . $problem->getMessage() );
		}
		$this->take_pending();
	}

	/**
	 * The sessions of a user.
	 *
	 * @param int $user_id The user.
	 */
	public static function of( int $user_id ): self {
		self::$known[ $user_id ] ??= new self( $user_id );

		return self::$known[ $user_id ];
	}

	/**
	 * Forgets what this request has read.
	 */
	public static function forget(): void {
		self::$known        = array();
		self::$inconclusive = false;
	}

	/**
	 * Whether this request met a session of which nobody could tell whether it is good.
	 */
	public static function is_inconclusive(): bool {
		return self::$inconclusive;
	}

	/**
	 * Whether DynamoDB has answered for this user.
	 */
	public function has_answered(): bool {
		return $this->answered;
	}

	/**
	 * The sessions that are good, by verifier. Their own expiry is WordPress's to check.
	 *
	 * @return array<string, array<string, mixed>>
	 */
	public function all(): array {
		foreach ( array_keys( $this->candidates() ) as $verifier ) {
			$this->look_at( (string) $verifier );
		}
		$good = array_filter(
			$this->candidates(),
			fn ( array $candidate, int|string $verifier ): bool => $this->is_good( (string) $verifier, $candidate['created'] ),
			ARRAY_FILTER_USE_BOTH
		);

		return array_map( static fn ( array $candidate ): array => $candidate['session'], $good );
	}

	/**
	 * One session; null when there is none.
	 *
	 * @param string $verifier Its verifier.
	 * @return array<string, mixed>|null
	 */
	public function get( string $verifier ): ?array {
		$this->look_at( $verifier );
		$candidate = $this->candidates()[ $verifier ] ?? null;
		$session   = null !== $candidate && $this->is_good( $verifier, $candidate['created'] ) ? $candidate['session'] : null;
		if ( null === $session && ! isset( $this->ended[ $verifier ] ) && ( ! $this->answered || $this->is_unsure( $verifier ) ) ) {
			self::$inconclusive = true;
		}
		if ( null !== $session && $this->answered && ! isset( $this->stored[ $verifier ] ) ) {
			// From before login sessions were in DynamoDB, or from an outage: from now on they are there, too.
			$this->store( $verifier, $session, $candidate['created'] );
			$this->mirror( $this->in_meta() );
		}

		return $session;
	}

	/**
	 * Stores a session.
	 *
	 * @param string               $verifier Its verifier.
	 * @param array<string, mixed> $session  As WordPress has it; `expiration` is a Unix time.
	 */
	public function set( string $verifier, array $session ): void {
		if ( '' === $this->partition ) {
			return;
		}
		$is_new = ! isset( $this->all()[ $verifier ] );
		// After everything that ends sessions by their age, whatever the clocks of other hosts say.
		$created = $this->candidates()[ $verifier ]['created'] ?? max( self::now_ms(), 1 + max( array( self::dropped(), ...array_keys( $this->epochs ) ) ) );
		if ( $is_new ) {
			$this->make_room();
		}

		$mirrored = $this->mirror( array( $verifier => compact( 'session', 'created' ) ) + $this->in_meta() );
		if ( ! $this->store( $verifier, $session, $created ) && ! $mirrored ) {
			log_logins( 'a login cannot be kept: neither DynamoDB nor the database takes it' );
		}
		if ( $is_new ) {
			$this->tidy();
		}
	}

	/**
	 * Ends sessions.
	 *
	 * @param list<string> $verifiers Their verifiers.
	 */
	public function end( array $verifiers ): void {
		// Nobody's: WordPress asks for that when somebody without a login logs out.
		if ( '' === $this->partition ) {
			return;
		}
		$late = array();
		foreach ( $verifiers as $verifier ) {
			$expires                  = $this->candidates()[ $verifier ]['session']['expiration'] ?? 0;
			$this->ended[ $verifier ] = self::now_ms();
			try {
				// Kept for as long as its cookie could be shown, and a day for clocks.
				$ttl = max( (int) $expires - time(), 0 ) + ( $expires > 0 ? DAY_IN_SECONDS : YEAR_IN_SECONDS );
				wp_dynamodb_put( self::table(), $this->key( "r#{$verifier}" ), array(), array( 'ttl' => $ttl ) );
			} catch ( \Throwable $problem ) {
				log_logins( 'a logout cannot be stored in DynamoDB yet: ' . $problem->getMessage() );
				$late[] = $verifier;
				continue;
			}
			$this->remove( "s#{$verifier}" );
			unset( $this->stored[ $verifier ] );
		}

		$this->mirror( array_diff_key( $this->in_meta(), array_flip( $verifiers ) ) );
		if ( array() !== $late ) {
			$this->remember( $late, 0, array() );
		}
	}

	/**
	 * Ends all sessions but for some.
	 *
	 * @param list<string> $keep Verifiers of those that stay.
	 * @return array{holds: bool, dynamodb: bool, database: bool} Whether that holds: one of the two has taken it; and of which nothing
	 *         is left in DynamoDB, and in user meta.
	 */
	public function end_all_but( array $keep ): array {
		if ( '' === $this->partition ) {
			return array_fill_keys( array( 'holds', 'dynamodb', 'database' ), true );
		}
		// What is kept is known by its verifier, what has ended by its age: also what this host has not heard of. The clock of a host
		// that began one of them may be ahead.
		$moment = max( array( self::now_ms(), ...array_column( $this->candidates(), 'created' ), ...array_map( static fn ( int $before ): int => $before + 1, array_keys( $this->epochs ) ) ) );

		$this->epochs[ $moment ] = $keep;

		$database = $this->mirror( array_intersect_key( $this->in_meta(), array_flip( $keep ) ) );
		$dynamodb = $this->answered;
		try {
			$this->store_epoch( $moment, $keep );
		} catch ( \Throwable $problem ) {
			log_logins( 'a logout everywhere cannot be stored in DynamoDB yet: ' . $problem->getMessage() );
			$holds = $this->remember( array(), $moment, $keep );
			return array( 'dynamodb' => false ) + compact( 'holds', 'database' );
		}
		foreach ( array_diff( array_keys( $this->stored ), $keep ) as $verifier ) {
			$dynamodb = $this->remove( "s#{$verifier}" ) && $dynamodb;
			unset( $this->stored[ $verifier ] );
		}
		$this->tidy();

		return array( 'holds' => true ) + compact( 'dynamodb', 'database' );
	}

	/**
	 * Copies the sessions of user meta that DynamoDB does not have. How many there were.
	 */
	public function migrate(): int {
		if ( ! $this->answered ) {
			throw new \RuntimeException( 'DynamoDB does not answer' );
		}
		$count = 0;
		foreach ( $this->candidates() as $verifier => $candidate ) {
			$verifier = (string) $verifier;
			$lives    = (int) ( $candidate['session']['expiration'] ?? 0 ) > time();
			$this->look_at( $verifier );
			if ( $lives && ! isset( $this->stored[ $verifier ] ) && $this->is_good( $verifier, $candidate['created'] ) ) {
				$count += (int) $this->store( $verifier, $candidate['session'], $candidate['created'] );
			}
		}
		if ( $count > 0 ) {
			$this->mirror( $this->in_meta() );
		}

		return $count;
	}

	/**
	 * What may be a session: DynamoDB's, and those that only user meta has.
	 *
	 * @return array<string, array{session: array<string, mixed>, created: int}>
	 */
	private function candidates(): array {
		// What WordPress ended while the plugin was not active it ended in user meta alone.
		$since      = (int) get_site_option( SINCE_OPTION, 0 );
		$candidates = array_filter( $this->stored, fn ( array $held ): bool => $held['created'] > $since );
		$before     = array_diff_key( $this->stored, $candidates );
		$least      = $this->answered ? 0 : $this->accepted_since();
		foreach ( $this->in_meta() as $verifier => $candidate ) {
			if ( $candidate['created'] >= $least ) {
				$candidates[ $verifier ] ??= $before[ $verifier ] ?? $candidate;
			}
		}

		return $candidates;
	}

	/**
	 * While DynamoDB does not answer, sessions of user meta count: all of them for as long as the window lasts, and after that
	 * only those that began in the outage, of which DynamoDB knows nothing anyway. (Milliseconds since 1970.)
	 */
	private function accepted_since(): int {
		try {
			$failing = (int) ( wp_dynamodb_status()['items_failing_ms'] ?? 0 );
		} catch ( \Throwable ) {
			// Settings that are wrong: since when, nobody knows.
			return PHP_INT_MAX;
		}

		return $failing < 1000 * (int) setting( 'logins_window' ) ? 0 : self::now_ms() - $failing;
	}

	/**
	 * Reads the items of one session itself, where the one read of all may have ended before them. What was found in that read is known
	 * without: keys come in their order, the marks of what has ended before the sessions.
	 *
	 * @param string $verifier Its verifier.
	 */
	private function look_at( string $verifier ): void {
		$is_found = isset( $this->stored[ $verifier ] );
		$is_asked = $this->is_large || ( ! $is_found && isset( $this->candidates()[ $verifier ] ) );
		if ( ! $is_asked || ! $this->answered || isset( $this->ended[ $verifier ] ) || isset( $this->looked_at[ $verifier ] ) ) {
			return;
		}

		$began = microtime( true );
		// A page is not kept waiting for the sake of many others.
		$this->looked_at[ $verifier ] = $this->looked_for < LOGINS_LOOK;
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
	private function is_unsure( string $verifier ): bool {
		return $this->is_cut || false === ( $this->looked_at[ $verifier ] ?? true );
	}

	/**
	 * Whether a session is certainly good.
	 *
	 * @param string $verifier Its verifier.
	 * @param int    $created  When it began (ms).
	 */
	private function is_good( string $verifier, int $created ): bool {
		return ! $this->is_unsure( $verifier ) && ! $this->has_ended( $verifier, $created );
	}

	/**
	 * Whether a session is known to have ended.
	 *
	 * @param string $verifier Its verifier.
	 * @param int    $created  When it began (ms).
	 */
	private function has_ended( string $verifier, int $created ): bool {
		if ( isset( $this->ended[ $verifier ] ) || $created <= self::dropped() ) {
			return true;
		}
		foreach ( $this->epochs as $moment => $keep ) {
			if ( $created <= $moment && ! in_array( $verifier, $keep, true ) ) {
				return true;
			}
		}

		return false;
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
	 * Takes the logouts that DynamoDB has not been told of, and tells it.
	 */
	private function take_pending(): void {
		$rows = pending_logouts( $this->user_id );
		// Where the database is read-only they stay pending for long: DynamoDB is told once.
		$untold = array_diff( array_merge( ...array_column( $rows, 'verifiers' ) ), array_map( 'strval', array_keys( $this->ended ) ) );
		$moved  = array();
		foreach ( $rows as $row ) {
			$this->ended += array_fill_keys( $row['verifiers'], self::now_ms() );
			$epoch        = $row['epoch'];
			$keep         = array_values( array_intersect( $this->epochs[ $epoch ] ?? $row['keep'], $row['keep'] ) );
			if ( $epoch > 0 && ( $this->epochs[ $epoch ] ?? null ) !== $keep ) {
				$this->epochs[ $epoch ] = $keep;
				$moved[ $epoch ]        = $keep;
			}
		}
		if ( ! $this->answered || array() === $rows ) {
			return;
		}
		try {
			foreach ( $moved as $epoch => $keep ) {
				$this->store_epoch( $epoch, $keep );
			}
			foreach ( $untold as $verifier ) {
				wp_dynamodb_put( self::table(), $this->key( "r#{$verifier}" ), array(), array( 'ttl' => YEAR_IN_SECONDS ) );
			}
			forget_logouts( $this->user_id, $rows );
		} catch ( \Throwable $problem ) {
			log_logins( 'logouts cannot be stored in DynamoDB yet: ' . $problem->getMessage() );
		}
	}

	/**
	 * Remembers in user meta what DynamoDB has still to be told. Whether the database took it.
	 *
	 * @param list<string> $verifiers Sessions that have ended.
	 * @param int          $epoch     All that began until then have ended (ms), or 0.
	 * @param list<string> $keep      But for these.
	 */
	private function remember( array $verifiers, int $epoch, array $keep ): bool {
		$stored = remember_logouts( $this->user_id, $verifiers, $epoch, $keep );
		if ( ! $stored ) {
			log_logins( 'a logout is lost: neither DynamoDB nor the database takes it; log out again when one of them does' );
		}

		return $stored;
	}

	/**
	 * Stores a session in DynamoDB. Whether it did.
	 *
	 * @param string               $verifier Its verifier.
	 * @param array<string, mixed> $session  The session.
	 * @param int                  $created  When it began (ms).
	 */
	private function store( string $verifier, array $session, int $created ): bool {
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
	 * Stores that all sessions that began until a moment have ended.
	 *
	 * @param int          $moment Milliseconds since 1970.
	 * @param list<string> $keep   But for these.
	 */
	private function store_epoch( int $moment, array $keep ): void {
		$last = max( array( 0, ...array_map( static fn ( array $candidate ): int => (int) ( $candidate['session']['expiration'] ?? 0 ), array_values( $this->candidates() ) ) ) );
		wp_dynamodb_put(
			self::table(),
			$this->key( self::epoch_item( $moment ) ),
			array( 'keep' => (string) wp_json_encode( $keep ) ),
			array( 'ttl' => max( $last - time(), 0 ) + YEAR_IN_SECONDS )
		);
	}

	/**
	 * Ends the oldest sessions of a user who has as many as allowed.
	 */
	private function make_room(): void {
		$all  = $this->all();
		$more = count( $all ) - (int) setting( 'logins_cap' ) + 1;
		if ( $more > 0 ) {
			uasort( $all, static fn ( array $one, array $other ): int => (int) ( $one['login'] ?? 0 ) <=> (int) ( $other['login'] ?? 0 ) );
			$this->end( array_map( 'strval', array_slice( array_keys( $all ), 0, $more ) ) );
		}
	}

	/**
	 * Many items of what has ended: one item says it of all of them, and they go.
	 */
	private function tidy(): void {
		// What is younger may be on its way here from another Region: a session that this host has not heard of must not end by it.
		$moment = self::now_ms() - 1000 * LOGINS_SETTLED;
		$items  = $this->answered ? $this->items_ended_until( $moment ) : array();
		$keep   = array_map( 'strval', array_keys( $this->all() ) );
		// A session of which nobody could tell must not end by it.
		if ( count( $items ) <= LOGINS_UNTIDY || in_array( false, $this->looked_at, true ) ) {
			return;
		}
		try {
			$this->store_epoch( $moment, $keep );
		} catch ( \Throwable ) {
			// Another login will.
			return;
		}
		// Each takes a call: the next login goes on.
		array_map( array( $this, 'remove' ), array_slice( $items, 0, 2 * LOGINS_UNTIDY ) );
	}

	/**
	 * Sort keys of the items that are not needed once one says that what began until a moment has ended.
	 *
	 * @param int $moment Milliseconds since 1970.
	 * @return list<string>
	 */
	private function items_ended_until( int $moment ): array {
		$items = array();
		foreach ( $this->ended as $verifier => $at ) {
			// A session began before it ended.
			if ( $at <= $moment ) {
				$items[] = "r#{$verifier}";
			}
		}
		foreach ( array_keys( $this->epochs ) as $at ) {
			if ( $at <= $moment ) {
				$items[] = self::epoch_item( $at );
			}
		}
		foreach ( $this->stored as $verifier => $held ) {
			if ( $held['created'] <= $moment && $this->has_ended( (string) $verifier, $held['created'] ) ) {
				$items[] = "s#{$verifier}";
			}
		}

		return $items;
	}

	/**
	 * Deletes an item that is not needed any more; should that fail, it expires. Whether it is gone.
	 *
	 * @param string $item Its sort key.
	 */
	private function remove( string $item ): bool {
		try {
			wp_dynamodb_delete( self::table(), $this->key( $item ) );
		} catch ( \Throwable ) {
			return false;
		}

		return true;
	}

	/**
	 * The sessions in user meta, read as WordPress itself does.
	 *
	 * @return array<string, array{session: array<string, mixed>, created: int}>
	 */
	private function in_meta(): array {
		$sessions = get_user_meta( $this->user_id, 'session_tokens', true );
		$good     = array();
		foreach ( is_array( $sessions ) ? $sessions : array() as $verifier => $session ) {
			// WordPress 4.0 kept the expiry alone.
			$session = is_int( $session ) ? array( 'expiration' => $session ) : $session;
			if ( is_array( $session ) && (int) ( $session['expiration'] ?? 0 ) >= time() ) {
				// Whole seconds, where WordPress wrote it. Which of two things came first in one second, they do not tell.
				$created = (int) ( $session[ CREATED_KEY ] ?? 1000 * (int) ( $session['login'] ?? 0 ) );
				unset( $session[ CREATED_KEY ] );
				$good[ (string) $verifier ] = compact( 'session', 'created' );
			}
		}

		return $good;
	}

	/**
	 * Writes them, as WordPress itself would. Whether the database took it.
	 *
	 * @param array<string, array{session: array<string, mixed>, created: int}> $candidates By verifier.
	 */
	private function mirror( array $candidates ): bool {
		// What has ended must not be there when user meta counts again: in an outage, or with the plugin switched off.
		$candidates = array_filter(
			$candidates,
			fn ( array $candidate, int|string $verifier ): bool => ! $this->has_ended( (string) $verifier, $candidate['created'] ),
			ARRAY_FILTER_USE_BOTH
		);
		$sessions   = array_map( static fn ( array $candidate ): array => $candidate['session'] + array( CREATED_KEY => $candidate['created'] ), $candidates );

		return write_login_meta( $this->user_id, 'session_tokens', $sessions );
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
	 * The sort key of "all that began until then have ended".
	 *
	 * @param int $moment Milliseconds since 1970.
	 */
	private static function epoch_item( int $moment ): string {
		return sprintf( 'e#%013d', $moment );
	}

	/**
	 * Up to when all sessions of all users have ended (ms).
	 */
	private static function dropped(): int {
		return (int) get_site_option( DROPPED_OPTION, 0 );
	}

	/**
	 * The table.
	 */
	private static function table(): string {
		return (string) setting( 'logins_table' );
	}

	/**
	 * Milliseconds since 1970.
	 */
	private static function now_ms(): int {
		return (int) ( 1000 * microtime( true ) );
	}
}
