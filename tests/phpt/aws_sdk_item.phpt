--TEST--
Format aws-sdk: exactly the attributes, types and keys of the AWS SDK for PHP's session handler
--INI--
wp_dynamodb.session_format=aws-sdk
session.gc_maxlifetime=3000
session.name=SHOPID
--FILE--
<?php
require 'show.inc';
store('sdk-id', ['user' => 7, 'name' => 'Zoë']);
$item = lab_only_item();
ksort($item);
show('attributes', array_keys($item));
show('key', $item['session_id']);
show('data', $item['data']);
$left = $item['expires']['N'] - time();
check('expires', $left >= 2990 && $left <= 4510, $left);

// What is no text cannot be an S; the SDK reads B as well.
lab_reset();
store('sdk-id', ['bytes' => "\xff\0"]);
show('bytes', base64_decode(lab_only_item()['data']['B'] ?? '') === "bytes|s:2:\"\xff\0\";");

lab_reset();
session_name('OTHER');
store('sdk-id', ['user' => 8]);
show('other name', lab_only_item()['session_id']);
?>
--EXPECT--
attributes: ["data","expires","session_id"]
key: {"S":"SHOPID_sdk-id"}
data: {"S":"user|i:7;name|s:4:\"Zo\u00eb\";"}
expires: yes
bytes: true
other name: {"S":"OTHER_sdk-id"}
