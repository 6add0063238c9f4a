<?php
/**
 * PHP's built-in web server. It has no router script, because auto_prepend_file does not apply to one.
 */
final class WebServer {

	/** @var resource */
	private $process;

	private int $port;

	/**
	 * @param list<string>          $php         PHP with its settings.
	 * @param string                $dir         What to serve; server.log is written there.
	 * @param array<string, string> $environment The server's environment.
	 */
	public function __construct( array $php, string $dir, array $environment ) {
		$free       = stream_socket_server( 'tcp://127.0.0.1:0' );
		$this->port = (int) substr( strrchr( stream_socket_get_name( $free, false ), ':' ), 1 );
		fclose( $free );

		$log           = array( 'file', $dir . '/server.log', 'a' );
		$this->process = proc_open( array( ...$php, '-S', "127.0.0.1:{$this->port}", '-t', $dir ), array( 1 => $log, 2 => $log ), $pipes, $dir, $environment );

		$until = microtime( true ) + 10;
		while ( ! @fsockopen( '127.0.0.1', $this->port, $code, $text, 0.2 ) ) {
			if ( microtime( true ) > $until || ! proc_get_status( $this->process )['running'] ) {
				throw new RuntimeException( "the web server did not start:\n" . file_get_contents( $dir . '/server.log' ) );
			}
			usleep( 20000 );
		}
	}

	/**
	 * One request; redirects are not followed.
	 *
	 * @return array{status: int, headers: array<string, string>, body: string, seconds: float} Header names in lower case.
	 */
	public function request( string $path, string $method = 'GET', string $cookie = '', string $content = '' ): array {
		$begin   = microtime( true );
		$context = stream_context_create(
			array(
				'http' => array(
					'method'          => $method,
					'ignore_errors'   => true,
					'follow_location' => 0,
					'timeout'         => 10,
					'header'          => array( 'Host: site.test', "Cookie: {$cookie}", 'Content-Type: application/x-www-form-urlencoded' ),
					'content'         => $content,
				),
			)
		);
		$body    = file_get_contents( "http://127.0.0.1:{$this->port}{$path}", false, $context );
		$headers = array();
		foreach ( array_slice( $http_response_header, 1 ) as $line ) {
			list( $name, $value )           = explode( ':', $line, 2 );
			$headers[ strtolower( $name ) ] = trim( $value );
		}

		return array(
			'status'  => (int) explode( ' ', $http_response_header[0] )[1],
			'headers' => $headers,
			'body'    => (string) $body,
			'seconds' => microtime( true ) - $begin,
		);
	}

	public function __destruct() {
		proc_terminate( $this->process );
		proc_close( $this->process );
	}
}
