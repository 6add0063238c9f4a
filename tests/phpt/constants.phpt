--TEST--
wp_dynamodb.constants: those of the active Region, there from the first line on
--INI--
wp_dynamodb.region=us-west-2
wp_dynamodb.constants="us-east-1:DB_HOST=db.east.internal,us-west-2:DB_HOST=db.west.internal:3306,us-west-2:WP_CACHE_KEY_SALT=a=b c"
--FILE--
<?php
require 'show.inc';
show('constants', [DB_HOST, WP_CACHE_KEY_SALT, defined('DB_HOST'), get_defined_constants(true)['user']['DB_HOST'] ?? 'not a user constant']);
?>
--EXPECT--
constants: ["db.west.internal:3306","a=b c",true,"db.west.internal:3306"]
