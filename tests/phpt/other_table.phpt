--TEST--
A table with other names, as the AWS SDK for PHP has it by default: sessions, id
--INI--
wp_dynamodb.session_format=aws-sdk
wp_dynamodb.table=sessions
wp_dynamodb.session_hash_key=id
--FILE--
<?php
require 'show.inc';
lab('POST', '/table', ['table' => 'sessions', 'hash_key' => 'id', 'ttl_attribute' => 'expires']);
lab('POST', '/item/us-east-1/put', ['table' => 'sessions', 'item' => [
    'id' => ['S' => 'PHPSESSID_theirs'], 'data' => ['S' => 'n|i:1;'], 'expires' => ['N' => (string) (time() + 500)]]]);
show('read', fetch('theirs'));
store('theirs', ['n' => 2]);
show('written', fetch('theirs'));
$item = lab('POST', '/item/us-east-1/get', ['table' => 'sessions', 'key' => ['id' => ['S' => 'PHPSESSID_theirs']]])['item'];
ksort($item);
show('attributes', array_keys($item));
show('data', $item['data']);
?>
--EXPECT--
read: {"n":1}
written: {"n":2}
attributes: ["data","expires","id"]
data: {"S":"n|i:2;"}
