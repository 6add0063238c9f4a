<?php
/**
 * The login sessions of one user.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-login-items.php';

/**
 * Reads and changes them: in DynamoDB, and beside it in user meta, where WordPress would keep them. That copy lets nobody be
 * logged out when the plugin is switched off, or while DynamoDB does not answer.
 *
 * What a page does with them costs one read as a rule, however often it asks.
 */
final class Logins {

	/**
	 * Those of this request, by user.
	 *
	 * @var array<int, Logins>
	 */
	private static array $known = array();

	/**
	 * Sessions that were asked for and of which it could not be told whether they are good: nobody may burn their cookie. The user of
	 * each, by verifier.
	 *
	 * @var array<string, int>
	 */
	private static array $inconclusive = array();

	/**
	 * What DynamoDB has of them.
	 *
	 * @var Login_Items
	 */
	private Login_Items $items;

	/**
	 * Reads what there is of a user.
	 *
	 * @param int $user_id The user.
	 */
	private function __construct( private int $user_id ) {
		$user        = get_userdata( $user_id );
		$this->items = new Login_Items( $user ? login_partition( $user->user_login ) : '' );
		if ( '' !== $this->items->partition ) {
			$this->take_pending();
		}
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
		self::$inconclusive = array();
	}

	/**
	 * Whether this request met a session of which nobody could tell whether it is good.
	 */
	public static function is_inconclusive(): bool {
		return array() !== self::$inconclusive;
	}

	/**
	 * Whether DynamoDB has answered for this user.
	 */
	public function has_answered(): bool {
		return $this->items->answered;
	}

	/**
	 * Whether all() has told of all of them. Asked after it.
	 */
	public function is_whole(): bool {
		return $this->items->answered && ! $this->items->is_any_unsure();
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
		if ( null === $session && ! isset( $this->items->ended[ $verifier ] ) && ( ! $this->items->answered || $this->items->is_unsure( $verifier ) ) ) {
			self::$inconclusive[ $verifier ] = $this->user_id;
		}
		if ( null !== $session && $this->items->answered && ! isset( $this->items->stored[ $verifier ] ) ) {
			// From before login sessions were in DynamoDB, or from an outage: from now on they are there, too.
			$stored = $this->items->store( $verifier, $session, $candidate['created'] );
			$this->mirror( array( $verifier => array( 'only' => ( $candidate['only'] ?? false ) && ! $stored ) + $candidate ) + $this->in_meta() );
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
		if ( '' === $this->items->partition ) {
			return;
		}
		$is_new = ! isset( $this->all()[ $verifier ] );
		// After everything that ends sessions by their age, whatever the clocks of other hosts say.
		$created = $this->candidates()[ $verifier ]['created'] ?? max( self::now_ms(), 1 + max( array( self::dropped(), ...array_keys( $this->items->epochs ) ) ) );
		if ( $is_new ) {
			$this->make_room();
		}

		$stored = $this->items->store( $verifier, $session, $created );
		$only   = ! $stored && ( $this->in_meta()[ $verifier ]['only'] ?? $is_new );
		if ( ! $this->mirror( array( $verifier => compact( 'session', 'created', 'only' ) ) + $this->in_meta() ) && ! $stored ) {
			log_logins( 'a login cannot be kept: neither DynamoDB nor the database takes it' );
		}
		if ( $is_new ) {
			$this->tidy();
		}
	}

	/**
	 * Ends sessions. Whether that holds: DynamoDB or the database has taken it.
	 *
	 * @param list<string> $verifiers Their verifiers.
	 */
	public function end( array $verifiers ): bool {
		// Nobody's: WordPress asks for that when somebody without a login logs out. Somebody whose cookie is right, and of whom it could
		// only not be told whether it still is, means it.
		if ( '' === $this->items->partition ) {
			$owners = array_intersect_key( self::$inconclusive, array_flip( $verifiers ) );
			$held   = array_map( static fn ( int|string $verifier, int $owner ): bool => self::of( $owner )->end( array( (string) $verifier ) ), array_keys( $owners ), $owners );
			return ! in_array( false, $held, true );
		}
		$late  = array();
		$began = microtime( true );
		foreach ( $verifiers as $verifier ) {
			$expires                         = $this->candidates()[ $verifier ]['session']['expiration'] ?? 0;
			$this->items->ended[ $verifier ] = self::now_ms();
			// The page does not wait for each of many: what follows the first failure, or takes too long, is told later.
			if ( array() !== $late || microtime( true ) - $began > LOGINS_LOOK ) {
				$late[] = $verifier;
				continue;
			}
			try {
				// Kept for as long as its cookie could be shown, and a day for clocks.
				$ttl = max( (int) $expires - time(), 0 ) + ( $expires > 0 ? DAY_IN_SECONDS : YEAR_IN_SECONDS );
				$this->items->store_end( $verifier, $ttl );
			} catch ( \Throwable $problem ) {
				log_logins( 'a logout cannot be stored in DynamoDB yet: ' . $problem->getMessage() );
				$late[] = $verifier;
				continue;
			}
			$this->items->remove( "s#{$verifier}" );
			unset( $this->items->stored[ $verifier ] );
		}

		$this->mirror( array_diff_key( $this->in_meta(), array_flip( $verifiers ) ) );

		return array() === $late || $this->remember( $late, 0, array() );
	}

	/**
	 * Ends all sessions but for some.
	 *
	 * @param list<string> $keep Verifiers of those that stay.
	 * @return array{holds: bool, dynamodb: bool, database: bool} Whether that holds: one of the two has taken it; and of which nothing
	 *         is left in DynamoDB, and in user meta.
	 */
	public function end_all_but( array $keep ): array {
		if ( '' === $this->items->partition ) {
			return array_fill_keys( array( 'holds', 'dynamodb', 'database' ), true );
		}
		// What is kept is known by its verifier, what has ended by its age: also what this host has not heard of. The clock of a host
		// that began one of them may be ahead.
		$moment = max( array( self::now_ms(), ...array_column( $this->candidates(), 'created' ), ...array_map( static fn ( int $before ): int => $before + 1, array_keys( $this->items->epochs ) ) ) );

		$this->items->epochs[ $moment ] = $keep;

		$database = $this->mirror( array_intersect_key( $this->in_meta(), array_flip( $keep ) ) );
		$dynamodb = $this->items->answered;
		try {
			$this->store_epoch( $moment, $keep );
		} catch ( \Throwable $problem ) {
			log_logins( 'a logout everywhere cannot be stored in DynamoDB yet: ' . $problem->getMessage() );
			$holds = $this->remember( array(), $moment, $keep );
			return array( 'dynamodb' => false ) + compact( 'holds', 'database' );
		}
		$began = microtime( true );
		foreach ( array_diff( array_keys( $this->items->stored ), $keep ) as $verifier ) {
			// After one that failed the others would, and the page would wait for each, as it would for many. They expire.
			$dynamodb = $dynamodb && microtime( true ) - $began < LOGINS_LOOK && $this->items->remove( "s#{$verifier}" );
			unset( $this->items->stored[ $verifier ] );
		}
		$this->tidy();

		return array( 'holds' => true ) + compact( 'dynamodb', 'database' );
	}

	/**
	 * Copies the sessions of user meta that DynamoDB does not have. How many there were, and of how many it cannot be told whether they
	 * have ended: those stay as they are (the next login of the user makes order).
	 *
	 * @return array{copied: int, unsure: int}
	 */
	public function migrate(): array {
		$copied = 0;
		$unsure = 0;
		if ( '' === $this->items->partition ) {
			// Rows of a user who is gone.
			return compact( 'copied', 'unsure' );
		}
		if ( ! $this->items->answered ) {
			throw new \RuntimeException( 'DynamoDB does not answer' );
		}
		$this->items->is_patient = true;
		foreach ( $this->candidates() as $verifier => $candidate ) {
			$verifier = (string) $verifier;
			if ( isset( $this->items->stored[ $verifier ] ) || (int) ( $candidate['session']['expiration'] ?? 0 ) <= time() ) {
				continue;
			}
			$this->look_at( $verifier );
			if ( isset( $this->items->stored[ $verifier ] ) || $this->has_ended( $verifier, $candidate['created'] ) ) {
				continue;
			}
			if ( $this->items->is_unsure( $verifier ) ) {
				++$unsure;
				continue;
			}
			if ( ! $this->items->store( $verifier, $candidate['session'], $candidate['created'] ) ) {
				throw new \RuntimeException( 'a login session cannot be stored in DynamoDB (PHP\'s error log says why)' );
			}
			++$copied;
		}
		$meta = $this->in_meta();
		$told = array_filter( array_intersect_key( $meta, $this->items->stored ), static fn ( array $candidate ): bool => $candidate['only'] );
		if ( $copied > 0 || array() !== $told ) {
			$this->mirror( array_map( static fn ( array $candidate ): array => array( 'only' => false ) + $candidate, $told ) + $meta );
		}

		return compact( 'copied', 'unsure' );
	}

	/**
	 * What may be a session: DynamoDB's, and those that only user meta has.
	 *
	 * @return array<string, array{session: array<string, mixed>, created: int, only?: bool}>
	 */
	private function candidates(): array {
		// What WordPress ended while the plugin was not active it ended in user meta alone.
		$since      = (int) get_site_option( SINCE_OPTION, 0 );
		$candidates = array_filter( $this->items->stored, fn ( array $held ): bool => $held['created'] > $since );
		$before     = array_diff_key( $this->items->stored, $candidates );
		$is_copy_good = $this->items->answered || $this->is_copy_good();
		foreach ( $this->in_meta() as $verifier => $candidate ) {
			if ( $is_copy_good || $candidate['only'] ) {
				$candidates[ $verifier ] ??= $before[ $verifier ] ?? $candidate;
			}
		}

		return $candidates;
	}

	/**
	 * Whether sessions of user meta count although DynamoDB has not answered: for as long as the window lasts. After that only those
	 * count that DynamoDB has never been told of.
	 *
	 * That something is wrong with rights, table or settings is no outage. It has a window of its own; before the table has ever been
	 * found it needs none, for then nothing has ended in DynamoDB alone.
	 */
	private function is_copy_good(): bool {
		if ( $this->items->is_refused && ! is_logins_table_found() ) {
			return true;
		}
		try {
			$since = (int) ( wp_dynamodb_status()[ $this->items->is_refused ? 'items_refused_ms' : 'items_outage_ms' ] ?? 0 );
		} catch ( \Throwable ) {
			// Settings that are wrong: since when, nobody knows.
			return false;
		}

		return $since < 1000 * (int) setting( 'logins_window' );
	}

	/**
	 * Makes sure of what DynamoDB has of a session.
	 *
	 * @param string $verifier Its verifier.
	 */
	private function look_at( string $verifier ): void {
		$this->items->look_at( $verifier, isset( $this->candidates()[ $verifier ] ) );
	}

	/**
	 * Whether a session is certainly good.
	 *
	 * @param string $verifier Its verifier.
	 * @param int    $created  When it began (ms).
	 */
	private function is_good( string $verifier, int $created ): bool {
		return ! $this->items->is_unsure( $verifier ) && ! $this->has_ended( $verifier, $created );
	}

	/**
	 * Whether a session is known to have ended.
	 *
	 * @param string $verifier Its verifier.
	 * @param int    $created  When it began (ms).
	 */
	private function has_ended( string $verifier, int $created ): bool {
		if ( isset( $this->items->ended[ $verifier ] ) || $created <= self::dropped() ) {
			return true;
		}
		foreach ( $this->items->epochs as $moment => $keep ) {
			if ( $created <= $moment && ! in_array( $verifier, $keep, true ) ) {
				return true;
			}
		}

		return false;
	}

	/**
	 * Takes the logouts that DynamoDB has not been told of, and tells it.
	 */
	private function take_pending(): void {
		$rows = pending_logouts( $this->user_id );
		// Where the database is read-only they stay pending for long: DynamoDB is told once.
		$untold = array_values( array_diff( array_unique( array_merge( ...array_column( $rows, 'verifiers' ) ) ), array_map( 'strval', array_keys( $this->items->ended ) ) ) );
		$moved  = array();
		foreach ( $rows as $row ) {
			$this->items->ended += array_fill_keys( $row['verifiers'], self::now_ms() );
			$epoch        = $row['epoch'];
			$keep         = array_values( array_intersect( $this->items->epochs[ $epoch ] ?? $row['keep'], $row['keep'] ) );
			if ( $epoch > 0 && ( $this->items->epochs[ $epoch ] ?? null ) !== $keep ) {
				$this->items->epochs[ $epoch ] = $keep;
				$moved[ $epoch ]        = $keep;
			}
		}
		if ( ! $this->items->answered || array() === $rows ) {
			return;
		}
		try {
			foreach ( $moved as $epoch => $keep ) {
				$this->store_epoch( $epoch, $keep );
			}
			foreach ( array_slice( $untold, 0, LOGINS_TIDIED ) as $verifier ) {
				$this->items->store_end( $verifier, YEAR_IN_SECONDS );
			}
			// Each takes a call: the next page goes on.
			if ( count( $untold ) <= LOGINS_TIDIED ) {
				forget_logouts( $this->user_id, $rows );
			}
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
	 * Tells DynamoDB that all sessions that began until a moment have ended.
	 *
	 * @param int          $moment Milliseconds since 1970.
	 * @param list<string> $keep   But for these.
	 */
	private function store_epoch( int $moment, array $keep ): void {
		$last = max( array( 0, ...array_map( static fn ( array $candidate ): int => (int) ( $candidate['session']['expiration'] ?? 0 ), array_values( $this->candidates() ) ) ) );
		$this->items->store_epoch( $moment, $keep, max( $last - time(), 0 ) + YEAR_IN_SECONDS );
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
		$items  = $this->items->answered ? $this->items_ended_until( $moment ) : array();
		if ( count( $items ) <= LOGINS_UNTIDY ) {
			return;
		}
		$keep = array_map( 'strval', array_keys( $this->all() ) );
		if ( $this->items->is_any_unsure() ) {
			// A session of which nobody could tell must not end by it.
			$items = $this->items->epochs_said_twice( $moment );
		} else {
			try {
				$this->store_epoch( $moment, $keep );
			} catch ( \Throwable ) {
				// Another login will.
				return;
			}
		}
		// Each takes a call: the next login goes on.
		$began = microtime( true );
		foreach ( array_slice( $items, 0, LOGINS_TIDIED ) as $item ) {
			if ( microtime( true ) - $began > LOGINS_LOOK || ! $this->items->remove( $item ) ) {
				return;
			}
		}
	}

	/**
	 * Sort keys of the items that are not needed once one says that what began until a moment has ended.
	 *
	 * @param int $moment Milliseconds since 1970.
	 * @return list<string>
	 */
	private function items_ended_until( int $moment ): array {
		$items = array();
		foreach ( $this->items->ended as $verifier => $at ) {
			// A session began before it ended.
			if ( $at <= $moment ) {
				$items[] = "r#{$verifier}";
			}
		}
		foreach ( array_keys( $this->items->epochs ) as $at ) {
			if ( $at <= $moment ) {
				$items[] = Login_Items::epoch_item( $at );
			}
		}
		foreach ( $this->items->stored as $verifier => $held ) {
			if ( $held['created'] <= $moment && $this->has_ended( (string) $verifier, $held['created'] ) ) {
				$items[] = "s#{$verifier}";
			}
		}

		return $items;
	}

	/**
	 * The sessions in user meta, read as WordPress itself does.
	 *
	 * @return array<string, array{session: array<string, mixed>, created: int, only: bool}> `only`: DynamoDB has never been told of it.
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
				// Not for ever: where the database takes nothing, the mark stays after DynamoDB has been told.
				$only = isset( $session[ ONLY_KEY ] ) && $created > self::now_ms() - 1000 * DAY_IN_SECONDS;
				unset( $session[ CREATED_KEY ], $session[ ONLY_KEY ] );
				$good[ (string) $verifier ] = compact( 'session', 'created', 'only' );
			}
		}

		return $good;
	}

	/**
	 * Writes them, as WordPress itself would. Whether the database took it.
	 *
	 * @param array<string, array{session: array<string, mixed>, created: int, only: bool}> $candidates By verifier.
	 */
	private function mirror( array $candidates ): bool {
		// What has ended must not be there when user meta counts again: in an outage, or with the plugin switched off.
		$candidates = array_filter(
			$candidates,
			fn ( array $candidate, int|string $verifier ): bool => ! $this->has_ended( (string) $verifier, $candidate['created'] ),
			ARRAY_FILTER_USE_BOTH
		);
		$marks      = static fn ( array $candidate ): array => array( CREATED_KEY => $candidate['created'] ) + ( $candidate['only'] ? array( ONLY_KEY => true ) : array() );
		$sessions   = array_map( static fn ( array $candidate ): array => $candidate['session'] + $marks( $candidate ), $candidates );

		return write_login_meta( $this->user_id, 'session_tokens', $sessions );
	}

	/**
	 * Up to when all sessions of all users have ended (ms).
	 */
	private static function dropped(): int {
		return (int) get_site_option( DROPPED_OPTION, 0 );
	}

	/**
	 * Milliseconds since 1970.
	 */
	private static function now_ms(): int {
		return (int) ( 1000 * microtime( true ) );
	}
}
