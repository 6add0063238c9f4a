<?php

/** When the answer of a read of login sessions is known before it is made. */
final class LoginsTest extends SiteTestCase {

	/** @dataProvider states */
	public function test_knows_an_outage( bool $silent, array $status ): void {
		$this->with_extension( $status );

		$this->assertSame( $silent, $this->site->run( 'return WP_DynamoDB\is_dynamodb_silent();' ) );
	}

	public function states(): array {
		$region = static fn ( string $state, string $kind, int $age ): array
			=> array( 'breaker' => array( 'state' => $state ), 'last_error' => array( 'kind' => $kind, 'message' => 'gone', 'age_ms' => $age ) );
		$status = static fn ( array $east, array $west, ?int $failing = 4000 ): array
			=> array( 'items_failing_ms' => $failing, 'regions' => array( 'us-east-1' => $region( ...$east ), 'us-west-2' => $region( ...$west ) ) );
		$lost   = array( 'open', 'unavailable', 2900 );

		return array(
			'all Regions are lost'              => array( true, $status( $lost, array( 'half_open', 'timeout', 100 ) ) ),
			'one of them failed long ago'       => array( false, $status( $lost, array( 'open', 'timeout', 3000 ) ) ),
			'one of them may be used'           => array( false, $status( $lost, array( 'closed', 'timeout', 100 ) ) ),
			'one of them refuses'               => array( false, $status( $lost, array( 'open', 'access', 100 ) ) ),
			'no read of login sessions failed'  => array( false, $status( $lost, $lost, null ) ),
			'all is well'                       => array( false, array() ),
		);
	}
}
