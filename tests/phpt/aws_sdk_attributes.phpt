--TEST--
Format aws-sdk: attribute names and the prefix are settings
--INI--
wp_dynamodb.session_format=aws-sdk
wp_dynamodb.session_data_attribute=content
wp_dynamodb.session_expires_attribute=valid_until
wp_dynamodb.session_id_prefix=shop
--FILE--
<?php
require 'show.inc';
store('named', ['a' => 1]);
$item = lab_only_item();
ksort($item);
show('attributes', array_keys($item));
check('key starts with the prefix', str_starts_with($item['session_id']['S'], 'shop') && str_ends_with($item['session_id']['S'], 'named'), $item);
show('content', $item['content']);
show('read', fetch('named'));
?>
--EXPECT--
attributes: ["content","session_id","valid_until"]
key starts with the prefix: yes
content: {"S":"a|i:1;"}
read: {"a":1}
