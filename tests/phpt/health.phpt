--TEST--
wp_dynamodb_health() under each fault: never an exception, never longer than asked, a kind for each
--FILE--
<?php
require 'show.inc';
$kinds = ['refuse' => 'unavailable', 'reset' => 'unavailable', '5xx' => 'unavailable', 'throttle' => 'throttled', 'denied' => 'access', 'blackhole' => 'timeout', 'hang' => 'timeout', 'noconnect' => 'timeout'];
foreach ($kinds as $fault => $kind) {
    lab_fault($fault);
    // The answer before counts for a second.
    $until = microtime(true) + 1.5;
    do {
        usleep(20000);
        $before = microtime(true);
        $health = wp_dynamodb_health(500 * SLOW);
        $took = microtime(true) - $before;
    } while ($health['kind'] !== $kind && microtime(true) < $until);
    // Throttled is an answer: another Region would not lessen the traffic.
    check($fault, $health['ok'] === ($fault === 'throttle') && $health['region'] === EAST && $health['kind'] === $kind && is_string($health['error'])
        && !missing($health['error'], EAST, TABLE) && $took < 1.0 * SLOW, [$took, $health]);
}
lab_fault('none');
usleep(1010000);
show('well again', wp_dynamodb_health()['ok']);
show('asked again at once', lab_count(fn() => wp_dynamodb_health()));
usleep(1010000);
show('a second later', lab_count(fn() => wp_dynamodb_health()));
show('with a write', lab_count(fn() => wp_dynamodb_health(1000, true)));
show('what is written', array_map(fn($item) => [$item['session_id']['S'], $item['expires']['N'] > time()], lab_dump()));
usleep(1010000);
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
asked again at once: "none"
a second later: "GetItem 1"
with a write: "GetItem 1, UpdateItem 1"
what is written: [["wp-dynamodb/canary",true]]
the other Region does not matter: true
