<?php
// As much of WP-CLI as the plugin's commands use. What they print goes to $GLOBALS['said'], how they end to $GLOBALS['ended'].

namespace {

	define( 'WP_CLI', true );
	$GLOBALS['said']  = array();
	$GLOBALS['ended'] = 0;

	/** Ends a command, as the real one ends the process. */
	class Ended extends \Exception {}

	class WP_CLI {

		public static array $commands = array();

		public static function add_command( string $name, string $class ): void {
			self::$commands[ $name ] = $class;
		}

		public static function line( string $text ): void {
			$GLOBALS['said'][] = $text;
		}

		public static function log( string $text ): void {
			$GLOBALS['said'][] = $text;
		}

		public static function warning( string $text ): void {
			$GLOBALS['said'][] = "Warning: {$text}";
		}

		public static function success( string $text ): void {
			$GLOBALS['said'][] = "Success: {$text}";
		}

		public static function error( string $text ): never {
			$GLOBALS['said'][] = "Error: {$text}";
			self::halt( 1 );
		}

		public static function halt( int $code ): never {
			$GLOBALS['ended'] = $code;
			throw new Ended();
		}
	}
}

namespace WP_CLI\Utils {

	/** The real one fails for a column that an item does not have, too. */
	function format_items( string $format, array $items, array $fields ): void {
		$rows = array();
		foreach ( $items as $item ) {
			if ( array() !== array_diff( $fields, array_keys( $item ) ) ) {
				throw new \Exception( 'no ' . implode( ', ', array_diff( $fields, array_keys( $item ) ) ) );
			}
			$rows[] = array_merge( array_flip( $fields ), array_intersect_key( $item, array_flip( $fields ) ) );
		}
		switch ( $format ) {
			case 'json':
				$GLOBALS['said'][] = (string) json_encode( $rows );
				break;
			case 'table':
			case 'csv':
			case 'yaml':
				$GLOBALS['said'][] = implode( "\n", array_map( static fn ( array $row ): string => implode( ' | ', array_map( 'strval', $row ) ), $rows ) );
				break;
			default:
				\WP_CLI::error( "Invalid format: {$format}" );
		}
	}
}
