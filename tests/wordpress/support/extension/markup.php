<?php
// The extension with a message that must not reach the page as markup.

function wp_dynamodb_active_region(): string {
	throw new Exception( '<script>bad()</script>' );
}

function wp_dynamodb_endpoint( ?string $region = null ): string {
	return '';
}
