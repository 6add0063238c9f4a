--TEST--
The parameter moves: after it, reads and writes go to the other Region, with the session intact
--FILE--
<?php
require 'show.inc';
store('traveller', ['cart' => 3]);
lab('POST', '/replication', ['settle' => true]);
lab_parameter(WEST);
show('refresh', wp_dynamodb_refresh());
show('active, endpoint', [wp_dynamodb_active_region(), wp_dynamodb_endpoint() === wp_dynamodb_endpoint(WEST)]);
show('calls in the first Region', lab_count(function () {
    show('calls in the second', lab_count(function () {
        show('read', fetch('traveller'));
        store('traveller', ['cart' => 4]);
    }, WEST));
}, EAST));
lab('POST', '/replication', ['settle' => true]);
lab_parameter(EAST);
show('back', wp_dynamodb_refresh());
show('read', fetch('traveller'));
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECT--
refresh: "us-west-2"
active, endpoint: ["us-west-2",true]
read: {"cart":3}
calls in the second: "GetItem 2, UpdateItem 1"
calls in the first Region: "none"
back: "us-east-1"
read: {"cart":4}
