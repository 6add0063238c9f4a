<?php
/**
 * The part that must run before other plugins load.
 *
 * Required by the must-use loader; without it by wp-dynamodb.php, which is then
 * too late only for plugins that read constants while their file loads.
 *
 * @package WP_DynamoDB
 */

namespace WP_DynamoDB;

defined( 'ABSPATH' ) || exit;

const VERSION = '0.1.0';

define( 'WP_DYNAMODB_DIR', dirname( __DIR__ ) );

require_once __DIR__ . '/extension.php';
require_once __DIR__ . '/healthz-answer.php';
require_once __DIR__ . '/healthz-database.php';
require_once __DIR__ . '/healthz.php';
require_once __DIR__ . '/healthz-path.php';
require_once __DIR__ . '/stored-option.php';
require_once __DIR__ . '/region-map.php';
require_once __DIR__ . '/constants.php';
require_once __DIR__ . '/settings.php';
require_once __DIR__ . '/logins/store.php';

// Before the constants: a health check needs none of them.
if ( is_healthz_request() ) {
	send_healthz();
	exit;
}

// Before the constants: it goes on while WordPress starts. Without a login's cookie, whatever its name is, nothing has to be known.
if ( array() !== preg_grep( '/\|[0-9a-f]{64}$/D', array_filter( $_COOKIE, 'is_string' ) ) ) { // phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- compared only.
	begin_login_query();
}
define_constants();
