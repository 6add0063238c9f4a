<?php
// The extension with settings it cannot work with.

function wp_dynamodb_active_region(): string {
	throw new Exception( 'wp_dynamodb.regions is empty' );
}

function wp_dynamodb_endpoint( ?string $region = null ): string {
	throw new Exception( 'wp_dynamodb.regions is empty' );
}

function wp_dynamodb_health( int $timeout_ms = 1500 ): array {
	throw new Exception( 'table secret-table in account 123456789012' );
}

function wp_dynamodb_status(): array {
	throw new Exception( 'wp_dynamodb.regions is empty' );
}
