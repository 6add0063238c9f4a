--TEST--
SSM is a black hole: a session starts all the same, after at most 300 ms of waiting for it
--FILE--
<?php
require 'show.inc';
require 'request.inc';
store('visitor', ['user' => 3]);
foreach ([EAST, WEST] as $region) {
    lab_fault('blackhole', $region, 'ssm');
}
$output = cli('ob_start(); $t = microtime(true); session_id("visitor"); session_start(); echo $_SESSION["user"], " ", microtime(true) - $t;',
    ['wp_dynamodb.state_file' => '']);
[$user, $took] = explode(' ', "$output 99");
show('user', (int) $user);
check('in time', (float) $took < 0.8 * SLOW, $output);
?>
--EXPECT--
user: 3
in time: yes
