<?php
// The extension before it knew settings, items and tables.

function wp_dynamodb_active_region(): string {
	return 'us-east-1';
}

function wp_dynamodb_endpoint( ?string $region = null ): string {
	return "http://endpoint.test/{$region}";
}

function wp_dynamodb_status(): array {
	return array( 'version' => '0.0.9', 'active' => 'us-east-1', 'route' => 'us-east-1' );
}
