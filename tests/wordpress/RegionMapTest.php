<?php

use PHPUnit\Framework\TestCase;

use function WP_DynamoDB\validate_region_map;

final class RegionMapTest extends TestCase {

	public function test_keeps_scalars_of_any_kind_and_any_plugins_names(): void {
		$map = array(
			'us-east-1'      => array( 'S3_UPLOADS_BUCKET' => 'media/path', 'S3_UPLOADS_USE_INSTANCE_PROFILE' => true, 'MCLOUD_STORAGE_S3_REGION' => 'us-east-1' ),
			'us-gov-west-1'  => array( 'EP_LIMIT' => 5, 'RATIO' => 0.5 ),
			'eusc-de-east-1' => array(),
		);

		$this->assertSame( array( 'regions' => $map, 'problems' => array() ), validate_region_map( $map ) );
		$this->assertSame( array( 'regions' => $map, 'problems' => array() ), validate_region_map( json_encode( $map ) ) );
	}

	/** @dataProvider refused_constants */
	public function test_refuses_a_constant_and_keeps_the_others( string $name, mixed $value, string $code ): void {
		$checked = validate_region_map( array( 'us-west-2' => array( 'S3_UPLOADS_REGION' => 'us-west-2', $name => $value ) ) );

		$this->assertSame( array( 'us-west-2' => array( 'S3_UPLOADS_REGION' => 'us-west-2' ) ), $checked['regions'] );
		$this->assertSame( array( array( 'code' => $code, 'region' => 'us-west-2', 'name' => $name ) ), $checked['problems'] );
	}

	public function refused_constants(): iterable {
		$names = array(
			'bad_name'      => array( '', '0', 'lower', 'HAS SPACE', 'HAS-DASH', '1ST', 'A\\B', "NAME\n", '_UNDERSCORE', str_repeat( 'A', 65 ), 'ÄÖÜ' ),
			'reserved_name' => array(
				'ALLOW_UNFILTERED_UPLOADS', 'WP_CLI', 'DOING_CRON', 'XMLRPC_REQUEST', 'UPLOADS', 'SHORTINIT', 'FS_CHMOD_FILE', 'AS3CF_SETTINGS', 'WPMS_SMTP_PASS', 'AWS_ACCESS_KEY_ID',
				'ABSPATH', 'DB_HOST', 'DB_PASSWORD', 'AUTH_KEY', 'NONCE_SALT', 'S3_UPLOADS_KEY', 'S3_UPLOADS_SECRET', 'SOME_TOKEN', 'WP_HOME', 'WP_SITEURL', 'WP_DEBUG',
				'WP_CONTENT_DIR', 'WP_PLUGIN_URL', 'COOKIE_DOMAIN', 'COOKIEPATH', 'SITECOOKIEPATH', 'COOKIEHASH', 'LOGGED_IN_COOKIE', 'PHP_VERSION', 'DISALLOW_FILE_MODS',
				'FORCE_SSL_ADMIN', 'WP_DYNAMODB_ENDPOINT', 'WP_DYNAMODB_REGION_MAP', 'MY_DYNAMODB_ENDPOINT', 'TRUE', 'NULL', 'MULTISITE',
			),
		);
		foreach ( $names as $code => $of_code ) {
			foreach ( $of_code as $name ) {
				yield "$code $name" => array( $name, 'value', $code );
			}
		}
		foreach ( array( array( 'a' ), null, INF, NAN, "nul\0", str_repeat( 'x', 8193 ), new stdClass() ) as $at => $value ) {
			yield "value $at" => array( 'S3_UPLOADS_BUCKET', $value, 'bad_value' );
		}
	}

	/** @dataProvider bad_regions */
	public function test_refuses_what_is_no_region( string|int $region, mixed $constants, string $code ): void {
		$checked = validate_region_map( array( $region => $constants, 'us-east-1' => array( 'KEPT' => '1' ) ) );

		$this->assertSame( array( 'us-east-1' => array( 'KEPT' => '1' ) ), $checked['regions'] );
		$this->assertSame( array( array( 'code' => $code, 'region' => (string) $region ) ), $checked['problems'] );
	}

	public function bad_regions(): array {
		return array(
			array( 'US-EAST-1', array(), 'bad_region' ),
			array( 'us-east', array(), 'bad_region' ),
			array( "us-east-1\n", array(), 'bad_region' ),
			array( 'us-east-1.evil.test', array(), 'bad_region' ),
			array( 0, array(), 'bad_region' ),
			array( 'us-west-2', 'S3_UPLOADS_BUCKET', 'bad_constants' ),
		);
	}

	/** @dataProvider no_maps */
	public function test_says_when_it_is_no_map_at_all( mixed $raw, string $code ): void {
		$this->assertSame( array( 'regions' => array(), 'problems' => array( array( 'code' => $code ) ) ), validate_region_map( $raw ) );
	}

	public function no_maps(): array {
		return array( array( '{"us-east-1":', 'bad_json' ), array( '"us-east-1"', 'bad_json' ), array( 5, 'bad_map' ), array( new stdClass(), 'bad_map' ), array( true, 'bad_map' ) );
	}
}
