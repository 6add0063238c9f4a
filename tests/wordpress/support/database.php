<?php
/**
 * A MySQL server for health checks: it says its address, then greets whoever comes and lets everybody log in. Each connection is a line
 * of its log.
 *
 *   php database.php LOG PAUSE    PAUSE is a file: how long (seconds) it says nothing before it greets, and before it logs in
 */

list( , $log, $pause ) = $argv;
$server                = stream_socket_server( 'tcp://127.0.0.1:0' );
$packet                = static fn ( int $number, string $content ): string => substr( pack( 'V', strlen( $content ) ), 0, 3 ) . chr( $number ) . $content;
// Protocol 10, version, thread, half a challenge, capabilities, character set, status, the rest of the challenge, and how to log in.
$greeting = "\x0a" . "8.0.0\0" . pack( 'V', 1 ) . "12345678\0" . "\x08\xaa" . "\x2d" . "\x02\0" . "\x08\0" . "\x15" . str_repeat( "\0", 10 ) . "123456789012\0" . "mysql_native_password\0";
echo stream_socket_get_name( $server, false ), "\n";
for ( $client = stream_socket_accept( $server, 60 ); $client; $client = stream_socket_accept( $server, 60 ) ) {
	file_put_contents( $log, "connection\n", FILE_APPEND );
	list( $greets, $logs_in ) = explode( ' ', file_get_contents( $pause ) . ' 0' );
	usleep( (int) ( 1e6 * (float) $greets ) );
	@fwrite( $client, $packet( 0, $greeting ) );
	stream_set_timeout( $client, 1 );
	if ( '' !== (string) @fread( $client, 1024 ) ) {
		usleep( (int) ( 1e6 * (float) $logs_in ) );
		@fwrite( $client, $packet( 2, "\0\0\0\x02\0\0\0" ) );
		@fread( $client, 99 );
	}
	fclose( $client );
}
