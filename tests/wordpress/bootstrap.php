<?php
/**
 * Loads the helpers, and those parts of the plugin that need no WordPress to be tested.
 */

require_once __DIR__ . '/support/Site.php';
require_once __DIR__ . '/support/SiteTestCase.php';
require_once __DIR__ . '/support/WebServer.php';

const PLUGIN_DIR = __DIR__ . '/../../wp-plugin';

define( 'ABSPATH', getenv( 'WPD_WORDPRESS' ) . '/' );
require_once PLUGIN_DIR . '/inc/extension.php';
require_once PLUGIN_DIR . '/inc/region-map.php';
