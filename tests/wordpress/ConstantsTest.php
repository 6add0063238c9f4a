<?php

final class ConstantsTest extends SiteTestCase {

	private const MAP = array(
		'us-east-1' => array( 'S3_UPLOADS_BUCKET' => 'media-us-east-1', 'S3_UPLOADS_REGION' => 'us-east-1' ),
		'us-west-2' => array( 'S3_UPLOADS_BUCKET' => 'media-us-west-2', 'S3_UPLOADS_REGION' => 'us-west-2' ),
	);

	public function test_other_plugins_find_the_constants_when_they_load(): void {
		$this->site->install_loader();
		$this->site->extension                         = 'east';
		$this->site->constants['WP_DYNAMODB_REGION_MAP'] = self::MAP;

		$this->assertEquals(
			array(
				'WP_DYNAMODB_ACTIVE_REGION' => 'us-east-1',
				'WP_DYNAMODB_ENDPOINT'      => 'http://endpoint.test/us-east-1',
				'MY_DYNAMODB_ENDPOINT'      => 'http://endpoint.test/us-east-1',
				'S3_UPLOADS_BUCKET'         => 'media-us-east-1',
			),
			$this->site->run( 'return $GLOBALS["seen_by_reader"];' )
		);
	}

	public function test_without_the_loader_they_are_there_once_the_plugin_loads(): void {
		$this->site->extension = 'east';

		$this->assertSame( array(), $this->site->run( 'return $GLOBALS["seen_by_reader"];' ) );
		$this->assertSame( 'us-east-1', $this->site->run( 'return WP_DYNAMODB_ACTIVE_REGION;' ) );
	}

	public function test_what_is_defined_stays_and_is_reported(): void {
		$this->site->install_loader();
		$this->site->extension = 'east';
		$this->site->constants = array( 'WP_DYNAMODB_REGION_MAP' => self::MAP, 'S3_UPLOADS_BUCKET' => 'by-hand', 'S3_UPLOADS_REGION' => 'us-east-1' );

		$report = $this->site->run( 'return WP_DynamoDB\define_constants();' );

		$this->assertSame( 'by-hand', $this->site->run( 'return S3_UPLOADS_BUCKET;' ) );
		$this->assertSame( array( 'S3_UPLOADS_BUCKET' => 'media-us-east-1' ), $report['conflicts'] );
		$this->assertSame( array( 'WP_DYNAMODB_ACTIVE_REGION', 'WP_DYNAMODB_ENDPOINT', 'MY_DYNAMODB_ENDPOINT' ), $report['defined'] );
	}

	public function test_a_region_set_by_hand_decides_all_constants_and_is_a_conflict(): void {
		$this->site->extension = 'east';
		$this->site->constants = array( 'WP_DYNAMODB_REGION_MAP' => self::MAP, 'WP_DYNAMODB_ACTIVE_REGION' => 'us-west-2' );

		$report = $this->site->run( 'return array( S3_UPLOADS_BUCKET, WP_DYNAMODB_ENDPOINT, WP_DynamoDB\define_constants() );' );

		$this->assertSame( array( 'media-us-west-2', 'http://endpoint.test/us-west-2' ), array_slice( $report, 0, 2 ) );
		$this->assertSame( 'constant', $report[2]['source'] );
		$this->assertSame( array( 'WP_DYNAMODB_ACTIVE_REGION' => 'us-east-1' ), $report[2]['conflicts'] );
	}

	/** @dataProvider regions_without_extension */
	public function test_without_the_extension_the_environment_names_the_region( array $environment, string $region, string $endpoint ): void {
		$this->site->environment = $environment;

		$seen = $this->site->run( 'return array( WP_DYNAMODB_ACTIVE_REGION, WP_DYNAMODB_ENDPOINT, WP_DynamoDB\define_constants()["source"] );' );

		$this->assertSame( array( $region, $endpoint, 'environment' ), $seen );
	}

	public function regions_without_extension(): array {
		return array(
			array( array( 'AWS_REGION' => 'us-west-2', 'AWS_DEFAULT_REGION' => 'us-east-1' ), 'us-west-2', 'https://dynamodb.us-west-2.amazonaws.com' ),
			array( array( 'AWS_DEFAULT_REGION' => 'cn-north-1' ), 'cn-north-1', 'https://dynamodb.cn-north-1.amazonaws.com.cn' ),
			array( array( 'AWS_REGION' => 'x"; evil', 'AWS_DEFAULT_REGION' => 'us-east-1' ), 'us-east-1', 'https://dynamodb.us-east-1.amazonaws.com' ),
		);
	}

	/** @dataProvider absent_extensions */
	public function test_with_no_region_at_all_nothing_is_defined_and_nothing_is_said( ?string $extension, string $error ): void {
		$this->site->extension                           = $extension;
		$this->site->constants['WP_DYNAMODB_REGION_MAP'] = self::MAP;

		$seen = $this->site->run( 'return array( defined( "WP_DYNAMODB_ACTIVE_REGION" ), defined( "S3_UPLOADS_BUCKET" ), WP_DynamoDB\define_constants() );' );

		$this->assertSame( array( false, false ), array_slice( $seen, 0, 2 ) );
		$this->assertSame( array( 'none', $error ), array( $seen[2]['source'], $seen[2]['error'] ) );
	}

	public function absent_extensions(): array {
		return array( 'missing' => array( null, '' ), 'failing' => array( 'throws', 'wp_dynamodb.regions is empty' ) );
	}

	/** @dataProvider sources */
	public function test_the_first_source_of_the_map_that_is_set_wins( array $constants, array $environment, mixed $option, string $source, array $buckets, array $problems ): void {
		$this->site->extension                         = 'east';
		$this->site->constants                         = $constants;
		$this->site->environment                       = $environment;
		$this->site->options['wp_dynamodb_region_map'] = $option;

		$map = $this->site->run( 'return WP_DynamoDB\define_constants()["map"];' );

		$this->assertSame( $source, $map['source'] );
		$this->assertSame( $buckets, array_map( 'current', $map['regions'] ) );
		$this->assertSame( $problems, array_column( $map['problems'], 'code' ) );
	}

	public function sources(): array {
		$map  = static fn ( string $bucket ): array => array( 'us-east-1' => array( 'S3_UPLOADS_BUCKET' => $bucket ) );
		$env  = static fn ( string $json ): array => array( 'WP_DYNAMODB_REGION_MAP' => $json );
		$west = array( 'us-west-2' => array( 'S3_UPLOADS_BUCKET' => 'c' ) );

		return array(
			'constant'      => array( array( 'WP_DYNAMODB_REGION_MAP' => $map( 'c' ) ), $env( json_encode( $map( 'e' ) ) ), $map( 'o' ), 'constant', array( 'us-east-1' => 'c' ), array() ),
			'environment'   => array( array(), $env( json_encode( $map( 'e' ) ) ), $map( 'o' ), 'environment', array( 'us-east-1' => 'e' ), array() ),
			'option'        => array( array(), array(), $map( 'o' ), 'option', array( 'us-east-1' => 'o' ), array() ),
			'option JSON'   => array( array(), $env( '' ), json_encode( $map( 'o' ) ), 'option', array( 'us-east-1' => 'o' ), array() ),
			'none'          => array( array(), array(), array(), 'none', array(), array() ),
			'bad JSON'      => array( array(), $env( '{' ), $map( 'o' ), 'environment', array(), array( 'bad_json' ) ),
			'other Regions' => array( array(), array(), $west, 'option', array( 'us-west-2' => 'c' ), array( 'region_missing' ) ),
		);
	}
}
