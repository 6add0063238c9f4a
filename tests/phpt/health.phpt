--TEST--
wp_dynamodb_health() under each fault: never an exception, never longer than asked, a kind for each
--FILE--
<?php
require 'show.inc';
$kinds = ['refuse' => 'unavailable', 'reset' => 'unavailable', '5xx' => 'unavailable', 'throttle' => 'throttled', 'denied' => 'access', 'blackhole' => 'timeout', 'hang' => 'timeout', 'noconnect' => 'timeout'];
foreach ($kinds as $fault => $kind) {
    lab_fault($fault);
    $before = microtime(true);
    $health = wp_dynamodb_health(500 * SLOW);
    $took = microtime(true) - $before;
    // Throttled is an answer: another Region would not lessen the traffic.
    check($fault, $health['ok'] === ($fault === 'throttle') && $health['region'] === EAST && $health['kind'] === $kind && is_string($health['error'])
        && !missing($health['error'], EAST, TABLE) && $took < 1.0 * SLOW, [$took, $health]);
}
lab_fault('none');
show('well again', wp_dynamodb_health()['ok']);
lab_fault('blackhole', WEST);
show('the other Region does not matter', wp_dynamodb_health()['ok']);
?>
--EXPECT--
refuse: yes
reset: yes
5xx: yes
throttle: yes
denied: yes
blackhole: yes
hang: yes
noconnect: yes
well again: true
the other Region does not matter: true
