<?php
// The extension while us-east-1 is active and all is well.

function wp_dynamodb_active_region(): string {
	return 'us-east-1';
}

function wp_dynamodb_endpoint( ?string $region = null ): string {
	if ( 'us-east-1' !== $region && 'us-west-2' !== $region ) {
		throw new Exception( 'unknown Region' );
	}
	return "http://endpoint.test/{$region}";
}

function wp_dynamodb_health( int $timeout_ms = 1500 ): array {
	return array( 'ok' => true, 'region' => 'us-east-1', 'latency_ms' => 3.14159, 'error' => null, 'kind' => null );
}

function wp_dynamodb_status(): array {
	return array( 'active' => 'us-east-1', 'route' => 'us-east-1' );
}
