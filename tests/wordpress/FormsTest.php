<?php

/** What the two forms store, and what they refuse: nothing of it may reach the database. */
final class FormsTest extends SiteTestCase {

	/** @return array{stored: mixed, said: list<string>} What a form's value becomes. */
	private function save( string $option, mixed $sent ): array {
		$this->site->options += array( 'wp_dynamodb_settings' => array( 'logins_cap' => 7, 'unknown' => 1 ), 'wp_dynamodb_region_map' => array( 'us-east-1' => array( 'HELD' => '1' ) ) );

		return $this->run_as(
			'WP_DynamoDB\register_settings(); $sent = json_decode( ' . var_export( json_encode( $sent, JSON_INVALID_UTF8_SUBSTITUTE ), true ) . ', true );'
			. "\$stored = sanitize_option( '{$option}', \$sent );"
			. 'return array( "stored" => $stored, "said" => array_column( get_settings_errors(), "message" ) );'
		);
	}

	public function test_settings_are_stored_as_what_they_are(): void {
		$sent = array( 'logins' => '1', 'logins_table' => ' shop.logins ', 'logins_cap' => '12', 'media' => '0', 'stranger' => 'x' );

		$this->assertSame(
			array( 'stored' => array( 'logins_cap' => 12, 'logins' => true, 'logins_table' => 'shop.logins', 'media' => false ), 'said' => array() ),
			$this->save( 'wp_dynamodb_settings', $sent )
		);
	}

	/** @dataProvider bad_settings */
	public function test_a_bad_setting_is_refused_and_stays_as_it_was( mixed $sent, string $said ): void {
		$saved = $this->save( 'wp_dynamodb_settings', $sent );

		$this->assertSame( array( 'logins_cap' => 7 ), $saved['stored'] );
		$this->assertCount( 1, $saved['said'] );
		$this->assertStringContainsString( $said, $saved['said'][0] );
	}

	public function bad_settings(): array {
		$table = 'Table of login sessions was not saved: it must be the name of a DynamoDB table';
		$cap   = 'Logins of one user was not saved: it must be a whole number from 1 to 200.';

		return array(
			'script in a name'  => array( array( 'logins_table' => 'abc<script>alert(1)</script>' ), $table ),
			'short name'        => array( array( 'logins_table' => 'ab' ), $table ),
			'empty name'        => array( array( 'logins_table' => '' ), $table ),
			'overlong name'     => array( array( 'logins_table' => str_repeat( 'a', 256 ) ), $table ),
			'huge name'         => array( array( 'logins_table' => str_repeat( 'a', 1000000 ) ), $table ),
			'second line'       => array( array( 'logins_table' => "abc\nabc" ), $table ),
			'NUL for a flag'    => array( array( 'logins' => "\0" ), 'it must be on or off.' ),
			'NUL'               => array( array( 'logins_table' => "abc\0" . 'abc' ), $table ),
			'array for a name'  => array( array( 'logins_table' => array( 'abc' ) ), $table ),
			'number too large'  => array( array( 'logins_cap' => '201' ), $cap ),
			'negative'          => array( array( 'logins_cap' => '-1' ), $cap ),
			'overflow'          => array( array( 'logins_cap' => '99999999999999999999' ), $cap ),
			'fraction'          => array( array( 'logins_cap' => '1.5' ), $cap ),
			'words'             => array( array( 'logins_cap' => '7; DROP TABLE' ), $cap ),
			'hexadecimal'       => array( array( 'logins_cap' => '0x10' ), $cap ),
			'array for number'  => array( array( 'logins_cap' => array( array( '7' ) ) ), $cap ),
			'null'              => array( array( 'logins_cap' => null ), $cap ),
			'flag'              => array( array( 'logins' => 'perhaps' ), 'Login sessions in DynamoDB was not saved: it must be on or off.' ),
			'array for flag'    => array( array( 'media' => array( '1' ) ), 'it must be on or off.' ),
			'text for the form' => array( 'a:1:{s:6:"logins";b:1;}', 'the form was not complete' ),
			'nothing'           => array( null, 'the form was not complete' ),
		);
	}

	public function test_what_is_fixed_outside_is_not_stored(): void {
		$this->site->constants['WP_DYNAMODB_LOGINS']       = true;
		$this->site->environment['WP_DYNAMODB_LOGINS_CAP'] = '9';

		$this->assertSame( array( 'logins_cap' => 7, 'media' => true ), $this->save( 'wp_dynamodb_settings', array( 'logins' => '0', 'logins_cap' => '10', 'media' => '1' ) )['stored'] );
	}

	public function test_a_map_is_stored_by_region(): void {
		$sent = array(
			'us-east-1' => array( 'name' => array( 'BUCKET ', '', 'LAZY', 'WORD', 'SPACES' ), 'value' => array( " east\t", ' ', 'TRUE ', ' "true"', '" two "' ) ),
			'us-west-2' => array( 'name' => array( '' ), 'value' => array( '' ) ),
		);

		$expected = array( 'us-east-1' => array( 'BUCKET' => 'east', 'LAZY' => true, 'WORD' => 'true', 'SPACES' => ' two ' ) );
		$this->assertSame( array( 'stored' => $expected, 'said' => array() ), $this->save( 'wp_dynamodb_region_map', $sent ) );
	}

	public function test_saving_a_map_as_it_is_shown_changes_nothing(): void {
		$values = array( true, false, 'true', 'False', ' two spaces ', "two\nlines", 5, 1.5, '5', '"quoted"', '"', '\\', '<b>é</b>', '' );
		$map    = array( 'us-east-1' => array_combine( array_map( static fn ( int $number ): string => "VALUE_{$number}", array_keys( $values ) ), $values ) );

		$this->site->options['wp_dynamodb_region_map'] = $map;
		$dom   = new DOMDocument();
		$shown = $this->run_as( 'set_current_screen( "settings_page_wp-dynamodb" ); ob_start(); WP_DynamoDB\show_map_form(); return ob_get_clean();' );
		@$dom->loadHTML( '<?xml encoding="UTF-8">' . $shown );
		$sent = array();
		foreach ( ( new DOMXPath( $dom ) )->query( '//fieldset//input' ) as $field ) {
			preg_match( '/\[([^]]+)\]\[(name|value)\]/', $field->getAttribute( 'name' ), $parts );
			// What a browser does to a field's value.
			$sent[ $parts[1] ][ $parts[2] ][] = str_replace( array( "\r", "\n" ), '', $field->getAttribute( 'value' ) );
		}

		$this->assertSame( array( 'stored' => $map, 'said' => array() ), $this->save( 'wp_dynamodb_region_map', $sent ) );
	}

	/** @dataProvider bad_maps */
	public function test_with_one_problem_in_a_map_nothing_is_stored( mixed $sent, string $said ): void {
		$saved = $this->save( 'wp_dynamodb_region_map', $sent );

		$this->assertSame( array( 'us-east-1' => array( 'HELD' => '1' ) ), $saved['stored'] );
		$this->assertStringContainsString( $said, implode( ' ', $saved['said'] ) );
	}

	public function bad_maps(): array {
		$row = static fn ( mixed $name, mixed $value ): array => array( 'us-east-1' => array( 'name' => array( 'GOOD', $name ), 'value' => array( 'x', $value ) ) );

		return array(
			'script as a name'    => array( $row( '<script>', 'x' ), 'is not a constant’s name' ),
			'reserved name'       => array( $row( 'DB_PASSWORD', 'x' ), 'DB_PASSWORD is reserved' ),
			'secret'              => array( $row( 'S3_UPLOADS_SECRET', 'x' ), 'S3_UPLOADS_SECRET is reserved' ),
			'value without name'  => array( $row( '', 'x' ), 'is not a constant’s name' ),
			'overlong name'       => array( $row( str_repeat( 'A', 65 ), 'x' ), 'is not a constant’s name' ),
			'overlong value'      => array( $row( 'LONG', str_repeat( 'x', 8193 ) ), 'at most 8 KB' ),
			'NUL in a value'      => array( $row( 'NUL_BYTE', "a\0b" ), 'at most 8 KB' ),
			'array for a name'    => array( $row( array( 'X' ), 'x' ), 'is not a constant’s name' ),
			'array for a value'   => array( $row( 'LIST_OF', array( 'x' ) ), 'must be a text' ),
			'names without value' => array( array( 'us-east-1' => array( 'name' => array( 'A_NAME' ) ) ), 'is not a constant’s name' ),
			'a Region of markup'  => array( array( '<b>' => array( 'name' => array( 'A_NAME' ), 'value' => array( 'x' ) ) ), '“<b>” is not the name of an AWS Region' ),
			'text for a Region'   => array( array( 'us-east-1' => 'text' ), 'expected an array of constants' ),
			'text for the map'    => array( '<script>', 'not valid JSON' ),
			'nothing'             => array( null, 'not an array with Regions as keys' ),
		);
	}

	public function test_a_map_that_is_fixed_outside_is_not_stored(): void {
		$this->site->constants['WP_DYNAMODB_REGION_MAP'] = array( 'us-east-1' => array( 'FIXED' => 1 ) );

		$saved = $this->save( 'wp_dynamodb_region_map', array( 'us-east-1' => array( 'OTHER' => '2' ) ) );

		$this->assertSame( array( 'us-east-1' => array( 'HELD' => '1' ) ), $saved['stored'] );
		$this->assertStringContainsString( 'fixed in wp-config.php', $saved['said'][0] );
	}

	/** @dataProvider forged_network_forms */
	public function test_a_networks_form_needs_nonce_capability_and_a_known_name( array $post, string $capability, string $expected ): void {
		$code = '$_POST = json_decode( ' . var_export( json_encode( $post ), true ) . ', true );'
			. 'foreach ( $_POST as $key => $value ) { if ( "nonce of " === substr( is_string( $value ) ? $value : "", 0, 9 ) ) { $_POST[ $key ] = wp_create_nonce( substr( $value, 9 ) ); } }'
			. '$_REQUEST = $_POST;'
			. 'add_filter( "pre_update_site_option_wp_dynamodb_settings", static function ( $value ) { throw new Exception( "stored " . wp_json_encode( $value ) ); } );'
			. 'try { do_action( "network_admin_edit_wp_dynamodb" ); } catch ( Exception $told ) { return $told->getMessage(); }';

		$this->assertSame( $expected, $this->run_as( $code, $capability ) );
	}

	public function forged_network_forms(): array {
		$form = static fn ( mixed $page, string $nonce ): array => array( 'option_page' => $page, '_wpnonce' => $nonce, 'wp_dynamodb_settings' => array( 'logins_cap' => '9' ) );
		$good = 'nonce of wp_dynamodb_settings-options';

		return array(
			'good'             => array( $form( 'wp_dynamodb_settings', $good ), 'manage_options', 'stored {"logins_cap":9}' ),
			'bad nonce'        => array( $form( 'wp_dynamodb_settings', '0123456789' ), 'manage_options', 'refused 403' ),
			'no nonce'         => array( array( 'option_page' => 'wp_dynamodb_settings' ), 'manage_options', 'refused 403' ),
			'nonce of another' => array( $form( 'wp_dynamodb_settings', 'nonce of wp_dynamodb_map-options' ), 'manage_options', 'refused 403' ),
			'no capability'    => array( $form( 'wp_dynamodb_settings', $good ), 'edit_posts', 'refused 403' ),
			'nobody'           => array( $form( 'wp_dynamodb_settings', $good ), '', 'refused 403' ),
			'another option'   => array( $form( 'general', 'nonce of general-options' ), 'manage_options', 'refused 403' ),
			'array for a name' => array( $form( array( 'x' ), $good ), 'manage_options', 'refused 403' ),
		);
	}
}
