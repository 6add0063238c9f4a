--TEST--
Items in an outage: the next Region answers; when none does an exception says so, and since when; what was written there is found after it
--INI--
wp_dynamodb.failover=auto
wp_dynamodb.switch_window=30
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
lab('POST', '/table', ['table' => 'logins', 'hash_key' => 'user', 'range_key' => 'item']);
lab('POST', '/replication', ['state' => 'pause']);
$key = ['user' => 'eve', 'item' => 's#1'];
wp_dynamodb_put('logins', $key, ['n' => 1]);
lab_fault('refuse');
wp_dynamodb_put('logins', $key, ['n' => 2]);
show('written and read elsewhere', [wp_dynamodb_get('logins', $key)['n'], wp_dynamodb_get('logins', $key)['writer']]);
lab_fault('none');
// Replication stands still: what was written there is not here yet.
$until = microtime(true) + 20 * SLOW;
while (wp_dynamodb_status()['route'] !== EAST && microtime(true) < $until) {
    usleep(50000);
}
show('back, and found', [wp_dynamodb_status()['route'], wp_dynamodb_get('logins', $key)['n'], wp_dynamodb_query('logins', ['user' => 'eve', 'item' => ''])[0]['n']]);
show('all is well', [wp_dynamodb_status()['items_failing_ms'], wp_dynamodb_status()['items_outage_ms']]);
foreach ([EAST, WEST] as $region) {
    lab_fault('blackhole', $region);
}
$began = microtime(true);
try {
    wp_dynamodb_get('logins', $key);
} catch (WpDynamoDb\TimeoutException | WpDynamoDb\UnavailableException $error) {
    show('thrown', missing($error->getMessage(), 'table logins'));
}
check('in time', microtime(true) - $began < 3 * SLOW, microtime(true) - $began);
check('since when', is_int(wp_dynamodb_status()['items_failing_ms']), wp_dynamodb_status()['items_failing_ms']);
check('an outage', is_int(wp_dynamodb_status()['items_outage_ms']) && wp_dynamodb_status()['items_refused_ms'] === null, wp_dynamodb_status());
foreach ([EAST, WEST] as $region) {
    lab_fault('none', $region);
}
$until = microtime(true) + 20 * SLOW;
do {
    try {
        $found = wp_dynamodb_get('logins', $key)['n'];
    } catch (WpDynamoDb\Exception) {
        $found = null;
    }
    // While the other Region still counts as lost, what was only written there is not seen.
} while ($found !== 2 && microtime(true) < $until);
show('over', [$found, wp_dynamodb_status()['items_failing_ms']]);
// One answer does not end it yet.
check('not at once', is_int(wp_dynamodb_status()['items_outage_ms']), wp_dynamodb_status()['items_outage_ms']);
lab('POST', '/replication', ['state' => 'run']);
?>
--EXPECT--
written and read elsewhere: [2,"us-west-2"]
back, and found: ["us-east-1",2,2]
all is well: [null,null]
thrown: []
in time: yes
since when: yes
an outage: yes
over: [2,null]
not at once: yes
