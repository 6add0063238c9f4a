--TEST--
A table that is throttled is asked again by one query at a time; a query begun ahead that nobody wants finds out for all
--INI--
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
lab('POST', '/table', ['table' => 'logins', 'hash_key' => 'user', 'range_key' => 'item']);
$ask = function (string $user): string {
    try {
        return json_encode(wp_dynamodb_query('logins', ['user' => $user, 'item' => '']));
    } catch (WpDynamoDb\Exception $error) {
        return get_class($error);
    }
};
show('before', $ask('zoe'));
lab_fault('throttle');
show('throttled', $ask('zoe'));
$before = lab_calls()['Query'];
show('refused at once', [$ask('zoe'), lab_calls()['Query'] - $before]);
lab_fault('none');
usleep(2100000);
wp_dynamodb_query_ahead('logins', ['user' => 'a made-up one', 'item' => '']);
usleep(300000 * SLOW);
show('after', [$ask('zoe'), $ask('zoe')]);
$status = wp_dynamodb_status();
check('not at once over', is_int($status['items_outage_ms']) && $status['items_failing_ms'] === null, $status);
?>
--EXPECT--
before: "[]"
throttled: "WpDynamoDb\\ThrottledException"
refused at once: ["WpDynamoDb\\ThrottledException",0]
after: ["[]","[]"]
not at once over: yes
