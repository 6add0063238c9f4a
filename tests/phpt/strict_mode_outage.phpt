--TEST--
Strict mode in an outage: session_start() is false, the id stays, the stored session is untouched
--INI--
session.use_strict_mode=1
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
ini_set('session.use_strict_mode', '0');
store('visitor', ['user' => 3]);
$stored = item_text(lab_only_item());
ini_set('session.use_strict_mode', '1');
foreach (['refuse', 'reset', '5xx', 'throttle', 'denied', 'blackhole'] as $fault) {
    lab_fault($fault);
    session_id('visitor');
    [$started, $messages] = warnings(fn() => session_start());
    show($fault, [$started, same_id('visitor'), count(ours($messages)) > 0, missing(implode("\n", ours($messages)), EAST, TABLE)]);
    if ($started) {
        session_write_close();
    }
    lab_fault('none');
    item_text(lab_only_item()) === $stored or print("the stored item changed\n");
}
show('after it', fetch('visitor'));
?>
--EXPECT--
refuse: [false,true,true,[]]
reset: [false,true,true,[]]
5xx: [false,true,true,[]]
throttle: [false,true,true,[]]
denied: [false,true,true,[]]
blackhole: [false,true,true,[]]
after it: {"user":3}
