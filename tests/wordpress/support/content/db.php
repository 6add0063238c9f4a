<?php
/**
 * Drop-in: a database that holds the options of options.json and nothing else, and forgets what is written.
 */

$wpdb = new class() extends wpdb {

	public function __construct() {
		$this->ready = true;
	}

	public function query( $query ) {
		$this->last_result = array();

		if ( preg_match( '/^SELECT option_name, option_value FROM \S*options/', $query ) ) {
			foreach ( json_decode( file_get_contents( dirname( __DIR__ ) . '/options.json' ), true ) as $name => $value ) {
				$this->last_result[] = (object) array(
					'option_name'  => $name,
					'option_value' => maybe_serialize( $value ),
				);
			}
		}

		return count( $this->last_result );
	}

	public function _real_escape( $text ) {
		return $this->add_placeholder_escape( addslashes( (string) $text ) );
	}

	public function db_version() {
		return '10.11';
	}

	public function get_col_charset( $table, $column ) {
		return 'utf8mb4';
	}

	protected function strip_invalid_text( $data ) {
		return $data;
	}
};
