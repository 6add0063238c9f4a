<?php
/**
 * The wp_dynamodb PHP extension as the plugin sees it: maybe absent, maybe failing.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

/**
 * Whether the extension is loaded in this PHP.
 *
 * Asks for functions, not for the module's name, so that the answer says what can be called.
 */
function has_extension(): bool {
	return function_exists( 'wp_dynamodb_active_region' ) && function_exists( 'wp_dynamodb_endpoint' );
}

/**
 * The active Region, from the extension.
 *
 * Makes no network call: the extension answers from shared memory.
 *
 * @return array{region: string, error: string} The Region is '' when unknown;
 *         `error` is the extension's own message, for administrators only.
 */
function ask_extension(): array {
	$region = '';
	$error  = '';

	if ( has_extension() ) {
		try {
			$region = (string) wp_dynamodb_active_region();
		} catch ( \Throwable $problem ) {
			$error = $problem->getMessage();
		}
	}

	return compact( 'region', 'error' );
}

/**
 * The DynamoDB endpoint of a Region: the extension's, which knows VPC endpoints and the lab's,
 * else the public one.
 *
 * @param string $region A Region's name, always given: without it the extension would answer for
 *                       the active Region, which may have changed since it was asked.
 */
function endpoint( string $region ): string {
	if ( has_extension() ) {
		try {
			return (string) wp_dynamodb_endpoint( $region );
		} catch ( \Throwable ) {
			// A Region that the extension is not configured for.
			return public_endpoint( $region );
		}
	}

	return public_endpoint( $region );
}

/**
 * The Region in which this host runs, as its environment names it; '' when it does not.
 *
 * AWS_REGION is set in ECS, EKS and Lambda, not on plain EC2.
 */
function environment_region(): string {
	foreach ( array( 'AWS_REGION', 'AWS_DEFAULT_REGION' ) as $name ) {
		$region = getenv( $name );
		if ( is_string( $region ) && is_region_name( $region ) ) {
			return $region;
		}
	}

	return '';
}

/**
 * Whether a text is formed like the name of an AWS Region.
 *
 * @param string $name Such as `us-east-1`, `us-gov-west-1` or `eusc-de-east-1`.
 */
function is_region_name( string $name ): bool {
	return 1 === preg_match( '/^[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}$/D', $name );
}

/** Partitions of AWS other than `aws`: how their Regions' names begin, their name in ARNs, the domain of their services. */
const PARTITIONS = array(
	'cn-'      => array( 'aws-cn', 'amazonaws.com.cn' ),
	'us-gov-'  => array( 'aws-us-gov', 'amazonaws.com' ),
	'eusc-'    => array( 'aws-eusc', 'amazonaws.eu' ),
	'us-iso-'  => array( 'aws-iso', 'c2s.ic.gov' ),
	'us-isob-' => array( 'aws-iso-b', 'sc2s.sgov.gov' ),
	'eu-isoe-' => array( 'aws-iso-e', 'cloud.adc-e.uk' ),
	'us-isof-' => array( 'aws-iso-f', 'csp.hci.ic.gov' ),
);

/**
 * The partition of AWS that a Region belongs to, as it stands in ARNs, and the domain of its services.
 *
 * @param string $region A Region's name.
 * @return array{0: string, 1: string}
 */
function partition( string $region ): array {
	foreach ( PARTITIONS as $prefix => $partition ) {
		if ( str_starts_with( $region, $prefix ) ) {
			return $partition;
		}
	}

	return array( 'aws', 'amazonaws.com' );
}

/**
 * The public DynamoDB endpoint of a Region.
 *
 * @param string $region A Region's name.
 */
function public_endpoint( string $region ): string {
	return "https://dynamodb.{$region}." . partition( $region )[1];
}
