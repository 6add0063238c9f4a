<?php

/** What is to be done before login sessions are switched on. */
final class GuideTest extends SiteTestCase {

	/** @return array<string, array<string, mixed>> The steps by code, after somebody has pressed "Test connection". */
	private function steps( string $logins_table ): array {
		$this->with_extension( array(), array( 'wordpress_logins' => $logins_table ) );

		return array_column( $this->run_as( '$look = WP_DynamoDB\test_connection(); return WP_DynamoDB\guide( WP_DynamoDB\state(), $look["tables"] );' ), null, 'code' );
	}

	public function test_the_table_of_login_sessions_comes_before_they_are_switched_on(): void {
		$steps = $this->steps( 'missing' );

		$codes = array_keys( $steps );
		$this->assertLessThan( array_search( 'logins', $codes, true ), array_search( 'table-logins', $codes, true ) );
		$this->assertSame( array( false, false ), array( $steps['table-logins']['done'], $steps['logins']['done'] ) );
		$this->assertStringContainsString( 'create-table --region us-east-1 --table-name wordpress_logins', $steps['table-logins']['commands'][0] );
	}

	public function test_so_does_its_policy(): void {
		$steps = $this->steps( 'access' );

		$this->assertStringContainsString( 'table/wordpress_logins', $steps['table-logins']['commands'][0] );
	}

	public function test_what_is_not_switched_on_yet_is_no_trouble(): void {
		$this->with_extension( array(), array( 'wordpress_logins' => 'missing' ) );

		$this->assertTrue( $this->run_as( 'return WP_DynamoDB\test_connection()["ok"];' ) );
		$this->site->constants['WP_DYNAMODB_LOGINS'] = true;
		$this->assertFalse( $this->run_as( 'return WP_DynamoDB\test_connection()["ok"];' ) );
	}
}
