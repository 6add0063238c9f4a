--TEST--
Bad parameter values are ignored and shown, each with parameter, Region and value
--FILE--
<?php
require 'show.inc';
lab_parameter(EAST);
wp_dynamodb_refresh();
foreach (['eu-west-1' => 'a Region without a replica', 'nowhere' => 'no Region', 'us-west-2 ' . str_repeat('x', 4000) => '4 KB of noise', "\tdrop table" => 'odd characters'] as $value => $what) {
    lab_parameter($value);
    try {
        show($what, @wp_dynamodb_refresh());
    } catch (WpDynamoDb\Exception $error) {
        show("$what, exception", $error->getMessage());
    }
    $status = wp_dynamodb_status();
    $text = implode("\n", $status['warnings']);
    show("$what, state", array_column($status['regions'], 'parameter_state'));
    show("$what, missing in the warnings", missing($text, '/wordpress/dynamodb_region', EAST, WEST, substr(trim($value), 0, 8)));
    check("$what, warnings are short", strlen($text) < 2000, strlen($text));
}
lab_parameter(null);
try {
    show('deleted', @wp_dynamodb_refresh());
} catch (WpDynamoDb\Exception $error) {
    show('deleted', wp_dynamodb_active_region());
}
show('deleted, state', array_column(wp_dynamodb_status()['regions'], 'parameter_state'));
lab_parameter(WEST);
show('good again', wp_dynamodb_refresh());
lab_parameter(EAST);
wp_dynamodb_refresh();
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECT--
a Region without a replica: "us-east-1"
a Region without a replica, state: ["bad","bad"]
a Region without a replica, missing in the warnings: []
a Region without a replica, warnings are short: yes
no Region: "us-east-1"
no Region, state: ["bad","bad"]
no Region, missing in the warnings: []
no Region, warnings are short: yes
4 KB of noise: "us-east-1"
4 KB of noise, state: ["bad","bad"]
4 KB of noise, missing in the warnings: []
4 KB of noise, warnings are short: yes
odd characters: "us-east-1"
odd characters, state: ["bad","bad"]
odd characters, missing in the warnings: []
odd characters, warnings are short: yes
deleted: "us-east-1"
deleted, state: ["missing","missing"]
good again: "us-west-2"
