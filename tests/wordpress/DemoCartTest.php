<?php

final class DemoCartTest extends SiteTestCase {

	private string $cookie = '';

	private function get( WebServer $server, string $query, string $method = 'GET', string $content = '' ): array {
		$answer = $server->request( '/?demo_cart' . $query, $method, $this->cookie, $content );
		if ( isset( $answer['headers']['set-cookie'] ) ) {
			$this->cookie = explode( ';', $answer['headers']['set-cookie'] )[0];
		}

		return $answer;
	}

	private function serve( string ...$ini ): WebServer {
		$this->site->options['active_plugins'] = array( 'wp-dynamodb-demo-cart/wp-dynamodb-demo-cart.php' );

		return $this->site->serve( ...$ini );
	}

	public function test_keeps_what_is_added_and_tells_it_as_json(): void {
		$this->site->extension = 'east';
		$server                = $this->serve();

		foreach ( array( 'tea', 'tea', '7', '<b>x</b>"y"' ) as $item ) {
			$this->assertSame( 200, $this->get( $server, '=add&item=' . rawurlencode( $item ) )['status'] );
		}
		$this->get( $server, '=remove&item=tea' );
		$state = json_decode( $this->get( $server, '=json' )['body'], true );

		$this->assertSame( array( 'tea' => 1, 7 => 1, 'x"y"' => 1 ), $state['cart'] );
		$this->assertSame( array( 'us-east-1', 'us-east-1', null, true, true ), array( $state['region'], $state['route'], $state['user'], $state['session_ok'], $state['saved'] ) );
		$this->assertIsInt( $state['pid'] );
		$this->assertStringEndsWith( $state['session_end'], $this->cookie );
		$this->assertSame( 4, strlen( $state['session_end'] ) );
	}

	public function test_the_page_shows_the_cart_escaped_and_without_warnings(): void {
		$server = $this->serve();

		$page = $this->get( $server, '=add&item=' . rawurlencode( 'a" onclick="b & c' ) );

		$this->assertStringContainsString( '<td>a&quot; onclick=&quot;b &amp; c</td>', $page['body'] );
		$this->assertStringNotContainsString( 'Warning', $page['body'] );
		$this->assertStringStartsWith( '<!DOCTYPE html>', $page['body'] );
	}

	public function test_its_forms_are_redirected(): void {
		$server = $this->serve();

		$answer = $this->get( $server, '=add', 'POST', 'item=Tea' );

		$this->assertSame( array( 303, 'http://site.test/?demo_cart' ), array( $answer['status'], $answer['headers']['location'] ) );
		$this->assertSame( array( 'Tea' => 1 ), json_decode( $this->get( $server, '=read' )['body'], true )['cart'] );
	}

	public function test_reading_and_a_fresh_session_store_nothing(): void {
		$server = $this->serve();

		foreach ( array( '=fresh', '=read', '=json', '' ) as $query ) {
			$answer = $this->get( $server, $query );
			$this->assertSame( 200, $answer['status'] );
		}

		$this->assertSame( '{}', json_encode( json_decode( $this->get( $server, '=json' )['body'] )->cart ) );
		$this->assertSame( array(), array_filter( glob( $this->site->dir . '/sessions/*' ), 'filesize' ) );
	}

	public function test_a_session_that_cannot_be_read_is_said_with_503_and_no_warning_on_the_page(): void {
		$server = $this->serve( 'session.save_path=/nonexistent' );

		$page  = $this->get( $server, '' );
		$state = json_decode( $this->get( $server, '=json' )['body'], true );

		$this->assertSame( 503, $page['status'] );
		$this->assertStringContainsString( 'The session could not be read just now', $page['body'] );
		$this->assertStringStartsWith( '<!DOCTYPE html>', $page['body'] );
		$this->assertSame( array( array(), false, false, '' ), array( $state['cart'], $state['session_ok'], $state['saved'], $state['session_end'] ) );
		$this->assertStringContainsString( 'session_start()', file_get_contents( $this->site->dir . '/server.log' ) );
	}

	public function test_other_pages_start_no_session(): void {
		$this->assertArrayNotHasKey( 'set-cookie', $this->serve()->request( '/' )['headers'] );
	}

	public function test_a_foreign_session_content_is_no_error(): void {
		$server = $this->serve();
		$this->get( $server, '=add&item=tea' );
		file_put_contents( glob( $this->site->dir . '/sessions/*' )[0], 'wp_dynamodb_demo_cart|a:2:{i:0;s:1:"x";i:1;a:1:{s:4:"item";i:5;}}' );

		$this->assertSame( array(), json_decode( $this->get( $server, '=json' )['body'], true )['cart'] );
	}
}
