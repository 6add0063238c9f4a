<?php
/**
 * The two DynamoDB tables: what they must look like, what they do look like, and the commands that make them.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * The tables this site needs, or is going to need: that of login sessions must be there before they are switched on.
 *
 * @return array<string, array{name: string, keys: list<array{0: string, 1: string}>, ttl: string}> By purpose; keys as name and role.
 */
function needed_tables(): array {
	$config = wp_dynamodb_config();
	$value  = static fn ( string $name ): string => (string) $config[ "wp_dynamodb.{$name}" ]['value'];
	$tables = array(
		'sessions' => array(
			'name' => $value( 'table' ),
			'keys' => array( array( $value( 'session_hash_key' ), 'HASH' ) ),
			'ttl'  => $value( 'session_expires_attribute' ),
		),
	);
	$tables['logins'] = array(
		'name' => (string) setting( 'logins_table' ),
		'keys' => array( array( 'user', 'HASH' ), array( 'item', 'RANGE' ) ),
		'ttl'  => $value( 'session_expires_attribute' ),
	);

	return $tables;
}

/**
 * Asks every Region for a table. Takes as long as DynamoDB takes: for people who have asked for it.
 *
 * @param array{name: string, keys: list<array{0: string, 1: string}>, ttl: string} $table One of needed_tables().
 * @return array<string, array{state: string, problems: list<string>, details: array<string, mixed>}> By Region; `state` is ok,
 *         missing, wrong, denied or unreachable.
 */
function look_at_table( array $table ): array {
	$found = array();
	foreach ( array_keys( wp_dynamodb_status()['regions'] ) as $region ) {
		$found[ $region ] = look_at_table_in( $table, (string) $region );
	}

	return $found;
}

/**
 * Asks one Region for a table.
 *
 * @param array{name: string, keys: list<array{0: string, 1: string}>, ttl: string} $table  One of needed_tables().
 * @param string                                                                    $region The Region.
 * @return array{state: string, problems: list<string>, details: array<string, mixed>}
 */
function look_at_table_in( array $table, string $region ): array {
	$answer = static fn ( string $state, array $problems, array $details = array() ): array => compact( 'state', 'problems', 'details' );
	try {
		$is = wp_dynamodb_describe( $table['name'], $region );
	} catch ( \WpDynamoDb\AccessException $problem ) {
		return $answer( 'denied', array( $problem->getMessage() ) );
	} catch ( \WpDynamoDb\ConfigException ) {
		return $answer( 'missing', array( __( 'There is no such table here.', 'wp-dynamodb' ) ) );
	} catch ( \Throwable $problem ) {
		return $answer( 'unreachable', array( $problem->getMessage() ) );
	}

	$keys   = static fn ( array $pairs ): string => implode( ', ', array_map( static fn ( array $pair ): string => "{$pair[0]} ({$pair[1]})", $pairs ) );
	$wanted = $keys( $table['keys'] );
	$actual = $keys( array_map( static fn ( array $key ): array => array( $key['name'], $key['role'] ), $is['keys'] ) );

	$problems = array();
	if ( 'ACTIVE' !== $is['status'] ) {
		/* translators: %s: state of a table, as AWS names it. */
		$problems[] = sprintf( __( 'The table is not ready: %s.', 'wp-dynamodb' ), $is['status'] );
	}
	if ( $wanted !== $actual ) {
		/* translators: 1: names of keys, 2: names of keys. */
		$problems[] = sprintf( __( 'Its keys are %1$s; they must be %2$s.', 'wp-dynamodb' ), $actual, $wanted );
	}
	if ( array( 'S' ) !== array_values( array_unique( array_column( $is['keys'], 'kind' ) ) ) ) {
		$problems[] = __( 'Its keys must be texts (type S).', 'wp-dynamodb' );
	}
	$apart = array_diff( array_map( 'strval', array_keys( wp_dynamodb_status()['regions'] ) ), array( $region ), $is['replicas'] );
	if ( array() !== $apart ) {
		/* translators: %s: names of Regions. */
		$problems[] = sprintf( __( 'It is not replicated to %s: what is written here is not found there.', 'wp-dynamodb' ), implode( ', ', $apart ) );
	}
	if ( $table['ttl'] !== $is['ttl'] ) {
		$problems[] = null === $is['ttl']
			/* translators: %s: name of an attribute. */
			? sprintf( __( 'TTL is off: items that have expired stay for ever. Switch it on for the attribute %s.', 'wp-dynamodb' ), $table['ttl'] )
			/* translators: 1: name of an attribute, 2: name of an attribute. */
			: sprintf( __( 'TTL looks at %1$s; it must look at %2$s.', 'wp-dynamodb' ), $is['ttl'], $table['ttl'] );
	}

	return $answer( array() === $problems ? 'ok' : 'wrong', $problems, $is );
}

/**
 * The commands that make a table in all Regions.
 *
 * @param array{name: string, keys: list<array{0: string, 1: string}>, ttl: string} $table   One of needed_tables().
 * @param list<string>                                                              $regions The Regions, the first one first.
 * @return list<string>
 */
function table_commands( array $table, array $regions ): array {
	$first      = $regions[0] ?? 'us-east-1';
	$attributes = implode( ' ', array_map( static fn ( array $key ): string => "AttributeName={$key[0]},AttributeType=S", $table['keys'] ) );
	$schema     = implode( ' ', array_map( static fn ( array $key ): string => "AttributeName={$key[0]},KeyType={$key[1]}", $table['keys'] ) );
	$name       = $table['name'];
	$commands   = array(
		"aws dynamodb create-table --region {$first} --table-name {$name} --billing-mode PAY_PER_REQUEST --attribute-definitions {$attributes} --key-schema {$schema}",
		"aws dynamodb wait table-exists --region {$first} --table-name {$name}",
	);

	return array( ...$commands, ...replica_commands( $name, $first, array_slice( $regions, 1 ) ), ttl_command( $table, $first ) );
}

/**
 * The commands that add replicas of a table; one after the other, for DynamoDB makes one at a time.
 *
 * @param string       $name    The table.
 * @param string       $from    A Region that has it.
 * @param list<string> $regions Those that shall get it.
 * @return list<string>
 */
function replica_commands( string $name, string $from, array $regions ): array {
	$commands = array();
	foreach ( $regions as $region ) {
		$commands[] = "aws dynamodb update-table --region {$from} --table-name {$name} --replica-updates 'Create={RegionName={$region}}'";
		$commands[] = "aws dynamodb wait table-exists --region {$region} --table-name {$name}";
		$commands[] = "aws dynamodb wait table-exists --region {$from} --table-name {$name}";
	}

	return $commands;
}

/**
 * The command that has DynamoDB delete what has expired. Replicas take it over.
 *
 * @param array{name: string, keys: list<array{0: string, 1: string}>, ttl: string} $table  One of needed_tables().
 * @param string                                                                    $region A Region that has it.
 */
function ttl_command( array $table, string $region ): string {
	return "aws dynamodb update-time-to-live --region {$region} --table-name {$table['name']} --time-to-live-specification Enabled=true,AttributeName={$table['ttl']}";
}

/**
 * The IAM policy that a host of this site needs, as JSON.
 *
 * @param list<string> $tables    Names of tables.
 * @param string       $parameter Name of the SSM parameter.
 * @param list<string> $regions   The Regions: all of one partition, for a global table does not leave it.
 */
function iam_policy( array $tables, string $parameter, array $regions ): string {
	$aws    = partition( $regions[0] ?? '' )[0];
	$policy = array(
		'Version'   => '2012-10-17',
		'Statement' => array(
			array(
				'Effect'   => 'Allow',
				'Action'   => array(
					'dynamodb:GetItem',
					'dynamodb:PutItem',
					'dynamodb:UpdateItem',
					'dynamodb:DeleteItem',
					'dynamodb:Query',
					'dynamodb:DescribeTable',
					'dynamodb:DescribeTimeToLive',
				),
				'Resource' => array_map( static fn ( string $name ): string => "arn:{$aws}:dynamodb:*:*:table/{$name}", $tables ),
			),
			array(
				'Effect'   => 'Allow',
				'Action'   => 'ssm:GetParameter',
				'Resource' => "arn:{$aws}:ssm:*:*:parameter/" . ltrim( $parameter, '/' ),
			),
		),
	);

	return (string) wp_json_encode( $policy, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES );
}
