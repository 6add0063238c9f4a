<?php

/**
 * What the extension wp_dynamodb adds to PHP, as signatures with their documentation. For readers, editors and static
 * analysis; never loaded. A test (tests/phpt/stub_reflection.phpt) compares this file with the extension by Reflection.
 *
 * The extension also registers the session handler "dynamodb" (`session.save_handler = dynamodb`). Its settings are in
 * wp_dynamodb.ini.
 *
 * Units: names ending in `_ms` are milliseconds, `expires` is a Unix time in seconds. "Region" is an AWS Region's name
 * (`us-east-1`). The active Region is the one that the newest parameter names; the route is the Region that this host
 * uses now. No function but wp_dynamodb_refresh() calls SSM; only wp_dynamodb_health() and wp_dynamodb_refresh() wait for
 * the network.
 */

namespace {

    /**
     * The active Region.
     *
     * @return string a Region of the setting `wp_dynamodb.regions`
     * @throws WpDynamoDb\ConfigException if a setting is not valid
     */
    function wp_dynamodb_active_region(): string {}

    /**
     * The DynamoDB endpoint of a Region.
     *
     * @param string|null $region any AWS Region's name; null: the active Region
     * @return string a URL without a path (`https://dynamodb.us-east-1.amazonaws.com`), or what the setting
     *     `wp_dynamodb.endpoints` has for this Region
     * @throws WpDynamoDb\ConfigException if `$region` is not the name of a Region, or a setting is not valid
     */
    function wp_dynamodb_endpoint(?string $region = null): string {}

    /**
     * What this host knows of the Regions; makes no call.
     *
     * - `version` string: the extension's version
     * - `pid` int: the process that answers
     * - `active` string: the active Region
     * - `route` string: the Region used now
     * - `source` string: where the active Region comes from: `pin` (the setting `wp_dynamodb.region`), `parameter` (SSM),
     *   `last_good` (the state file), `environment` (`AWS_REGION`, `AWS_DEFAULT_REGION`), `metadata` (instance or task),
     *   `first` (the first of `wp_dynamodb.regions`)
     * - `why` string: why the route is what it is: `active`, `home` (`routing = local`), `evacuated` (the parameter drains this
     *   host's Region), `bridged` (the preferred Region is lost), `none_healthy` (all are)
     * - `reason` string: the same in words; where the active Region comes from, or what is wrong with the preferred one
     * - `home` string: the Region this host is in, as far as it knows; `wp_dynamodb_health()` asks there
     * - `table` string: the session table
     * - `parameter` array: `name` string, `value` string|null, `modified_ms` int|null (Unix time of the newest change),
     *   `checked_age_ms` int|null (since a Region last answered), `poller_pid` int|null (the process that polls for this host)
     * - `regions` array: Region => array of `endpoint` string, `ssm_endpoint` string, `parameter_state` string (`ok`,
     *   `missing`, `bad`, `error` or `unknown`), `parameter_value` string|null, `parameter_error` string|null, `calls` int,
     *   `errors` int (both of all workers of this host since it started),
     *   `last_error` array|null of `kind` string, `message` string, `age_ms` int, `latency_ms` array of `p50` and `p99` (float|null),
     *   `drained` bool, `breaker` array of `state` string (`closed`, `open`, `half_open`), `since_ms` int|null (since it last
     *   opened or closed), `opened` int (times), `hold_ms` int|null (how long it stays open at least), `cause` string|null, `history` array
     *   of the last hour, oldest first: `at` int (Unix time), `calls` int, `errors` int, `p50_ms` and `p99_ms` (float|null)
     * - `window` array|null: after a switch or a bridge, `left_ms` int and `regions` string[]: asked and written beside the route
     * - `items_failing_ms` int|null: since when the functions for items of other tables fail on this host
     * - `items_outage_ms` int|null: since when they have met an outage: no Region answered, or the table was throttled; over when there was an
     *   answer and for 10 s no failure
     * - `items_refused_ms` int|null: since when they are refused until somebody puts rights, table or settings right
     * - `warnings` string[]: the newest messages about the Region, oldest first, each naming parameter, Region and value
     *
     * @return array<string, mixed>
     * @throws WpDynamoDb\ConfigException if a setting is not valid
     */
    function wp_dynamodb_status(): array {}

    /**
     * Asks SSM in all Regions now, instead of waiting for the next poll, and uses the answer at once on this host.
     *
     * @return string the active Region after it
     * @throws WpDynamoDb\UnavailableException if no Region's SSM answers
     * @throws WpDynamoDb\TimeoutException if none answers in time
     * @throws WpDynamoDb\AccessException if all refuse the credentials
     * @throws WpDynamoDb\ConfigException if a setting is not valid
     */
    function wp_dynamodb_refresh(): string {}

    /**
     * Whether this host's Region serves sessions: reads one item of the session table there. However many processes ask, a host
     * asks DynamoDB once a second: the others get that answer.
     *
     * @param int $timeout_ms the longest time it may take, whatever happens; 1 to 60000
     * @param bool $write also writes one item, `wp-dynamodb/canary`: a Region may answer reads and refuse writes
     * @return array{ok: bool, region: string, table: string, latency_ms: float, error: ?string, kind: ?string} `region` is
     *     the Region asked; `error` and `kind` (`timeout`, `unavailable`, `throttled`, `access`, `not_found`, `config`) are
     *     null when all is well; a Region that throttles is `ok`: it answers, and another one would not lessen the traffic
     * @throws WpDynamoDb\ConfigException if `$timeout_ms` or a setting is not valid
     */
    function wp_dynamodb_health(int $timeout_ms = 1500, bool $write = false): array {}

    /**
     * What one Region's DynamoDB says of a table. For people who look after it: asks DynamoDB each time, twice.
     *
     * @param string $table the table
     * @param string $region a Region of the setting `wp_dynamodb.regions`
     * @return array{status: string, keys: list<array{name: string, kind: string, role: string}>, ttl: ?string, billing: string,
     *     replicas: string[], items: int} `keys`: the partition key first, `kind` `S`, `N` or `B`, `role` `HASH` or `RANGE`; `ttl`:
     *     the attribute, null when TTL is off; `replicas`: the other Regions that have the table
     * @throws WpDynamoDb\ConfigException if there is no such table, or an argument or a setting is not valid
     */
    function wp_dynamodb_describe(string $table, string $region): array {}

    /**
     * Every setting of the extension.
     *
     * @return array<string, array{value: string, default: string, source: string, allowed: string, meaning: string}> by the
     *     setting's full name (`wp_dynamodb.table`); `source` is `default`, `ini` (php.ini, pool, -d) or `runtime`; passwords
     *     in URLs are masked
     */
    function wp_dynamodb_config(): array {}

    /**
     * Counters of this host: calls, errors and latencies per Region and operation, what became of sessions, what bridging did.
     *
     * @param string $format `array` or `prometheus` (text exposition format)
     * @return array<string, mixed>|string an array for `array`, text for `prometheus`
     * @throws WpDynamoDb\ConfigException for another format
     */
    function wp_dynamodb_metrics(string $format = 'array'): mixed {}

    /*
     * Items of any table in the Regions of `wp_dynamodb.regions`.
     *
     * `$key` is the partition key, for tables that have one followed by the sort key: ['user' => '7', 'item' => 'a']. Keys are
     * texts or whole numbers, attributes too (texts in UTF-8). What is stored carries `updated_at` (milliseconds) and `writer`
     * (Region) besides. Items whose `wp_dynamodb.session_expires_attribute` has passed are not found.
     *
     * Calls go to the route; while that Region fails to the next one, and in the switch window to both: what was written later
     * is found. A call takes `wp_dynamodb.request_timeout_ms` at most.
     *
     * All throw WpDynamoDb\ConfigException when arguments, settings or the table are not right, AccessException, TimeoutException,
     * UnavailableException and ThrottledException as they are named.
     */

    /**
     * Reads an item.
     *
     * @param string $table the table
     * @param array<string, string|int> $key the item's key
     * @param array{consistent?: bool}|null $options `consistent`: strongly consistent within the Region (default false)
     * @return array<string, string|int|null>|null null: there is none
     */
    function wp_dynamodb_get(string $table, array $key, ?array $options = null): ?array {}

    /**
     * Stores an item in the place of the one that was there.
     *
     * @param string $table the table
     * @param array<string, string|int> $key the item's key
     * @param array<string, string|int> $attributes everything else
     * @param array{if?: string|array<string, string|int>, ttl?: int}|null $options `if`: `absent`, `present`, or attributes with
     *     the values that they must have; `ttl`: seconds until it expires
     * @throws WpDynamoDb\ConditionException when `if` does not hold: nothing is changed
     */
    function wp_dynamodb_put(string $table, array $key, array $attributes, ?array $options = null): void {}

    /**
     * Changes attributes of an item, or makes it.
     *
     * @param string $table the table
     * @param array<string, string|int> $key the item's key
     * @param array<string, string|int|null> $changes attributes to set; null removes one
     * @param array{add?: array<string, int>, if?: string|array<string, string|int>, ttl?: int}|null $options `add`: numbers to
     *     add to attributes (from 0 when they are missing); `if`, `ttl`: as for wp_dynamodb_put()
     * @return array<string, string|int|null> the whole item as it is now
     * @throws WpDynamoDb\ConditionException when `if` does not hold: nothing is changed
     */
    function wp_dynamodb_update(string $table, array $key, array $changes, ?array $options = null): array {}

    /**
     * Deletes an item; no error when there is none.
     *
     * @param string $table the table
     * @param array<string, string|int> $key the item's key
     * @param array{if?: string|array<string, string|int>}|null $options as for wp_dynamodb_put()
     * @throws WpDynamoDb\ConditionException when `if` does not hold: nothing is changed
     */
    function wp_dynamodb_delete(string $table, array $key, ?array $options = null): void {}

    /**
     * Reads items of one partition, in the order of their sort keys.
     *
     * @param string $table the table
     * @param array<string, string|int> $key the partition key, and what the sort key begins with (empty: all)
     * @param array{consistent?: bool, limit?: int}|null $options `limit`: 1 to 1000 items (default 100)
     * @return list<array<string, string|int|null>>
     */
    function wp_dynamodb_query(string $table, array $key, ?array $options = null): array {}

    /**
     * Begins wp_dynamodb_query() with the same arguments, whose answer the same request will ask for later. Waits for nothing;
     * failures are that query's.
     *
     * @param string $table the table
     * @param array<string, string|int> $key as for wp_dynamodb_query()
     * @param array{consistent?: bool, limit?: int}|null $options as for wp_dynamodb_query()
     */
    function wp_dynamodb_query_ahead(string $table, array $key, ?array $options = null): void {}
}

namespace WpDynamoDb {

    /** What every function of the extension throws; the message says what happened, in which Region, and what to do. */
    class Exception extends \RuntimeException {}

    /** A setting or an argument is not valid, or a table or parameter is not what the settings say. */
    class ConfigException extends Exception {}

    /** No answer within the time limits. */
    class TimeoutException extends Exception {}

    /** The service cannot be reached or fails (DNS, connection, 5xx). */
    class UnavailableException extends Exception {}

    /** The service refuses for the rate of calls. */
    class ThrottledException extends Exception {}

    /** What had to hold for a write does not. */
    class ConditionException extends Exception {}

    /** The credentials are missing, not accepted, or do not allow the call. */
    class AccessException extends Exception {}
}
