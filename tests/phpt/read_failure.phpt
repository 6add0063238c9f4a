--TEST--
DynamoDB fails at the read: session_start() is false, a warning says where and why, nothing is written over the session
--INI--
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
store('visitor', ['user' => 3, 'bytes' => "\0\xff"]);
$stored = item_text(lab_only_item());
foreach (['refuse', 'reset', '5xx', 'throttle', 'denied', 'blackhole', 'hang', 'noconnect'] as $fault) {
    lab_fault($fault);
    session_id('visitor');
    $before = microtime(true);
    [$started, $messages] = warnings(fn() => session_start());
    $took = microtime(true) - $before;
    $_SESSION['user'] = 'overwritten';
    session_status() === PHP_SESSION_ACTIVE and session_write_close();
    unset($_SESSION);
    $text = implode("\n", ours($messages));
    show($fault, [$started, same_id('visitor'), count(ours($messages)), missing($text, TABLE, EAST, 'GetItem', 'the stored session is left as it is')]);
    // The limit is request_timeout_ms; the rest is the machine's.
    $took < 1.5 * SLOW or print("$fault took $took s\n");
    lab_fault('none');
    item_text(lab_only_item()) === $stored or print("the stored item changed\n");
}
show('after it', fetch('visitor') === ['user' => 3, 'bytes' => "\0\xff"]);
?>
--EXPECT--
refuse: [false,true,1,[]]
reset: [false,true,1,[]]
5xx: [false,true,1,[]]
throttle: [false,true,1,[]]
denied: [false,true,1,[]]
blackhole: [false,true,1,[]]
hang: [false,true,1,[]]
noconnect: [false,true,1,[]]
after it: true
