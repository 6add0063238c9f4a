--TEST--
session_gc() returns 0: DynamoDB's TTL deletes what has expired
--FILE--
<?php
require 'show.inc';
store('kept', ['a' => 1]);
session_id('other');
session_start();
show('calls', lab_count(function () {
    show('session_gc', session_gc());
}));
session_abort();
show('kept', fetch('kept'));
?>
--EXPECT--
session_gc: 0
calls: "none"
kept: {"a":1}
