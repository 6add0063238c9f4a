--TEST--
An expired item is not read, whether DynamoDB's TTL has deleted it or not
--FILE--
<?php
require 'show.inc';
store('old', ['user' => 1]);
$item = lab_only_item();
foreach ([-1 => 'a second ago', -86400 => 'yesterday', 60 => 'in a minute'] as $seconds => $when) {
    lab_put(['expires' => ['N' => (string) (time() + $seconds)]] + $item);
    show("expires $when", fetch('old'));
}
lab_put(['expires' => ['N' => '1']] + $item);
session_id('old');
session_start();
$_SESSION['user'] = 2;
session_write_close();
show('written anew', fetch('old'));
check('with a new expiry', lab_only_item()['expires']['N'] > time() + 60);
?>
--EXPECT--
expires a second ago: []
expires yesterday: []
expires in a minute: {"user":1}
written anew: {"user":2}
with a new expiry: yes
