--TEST--
Data over the item limit in format aws-sdk, which knows no compression
--INI--
wp_dynamodb.session_format=aws-sdk
--FILE--
<?php
require 'show.inc';
store('large', ['user' => 1]);
$stored = item_text(lab_only_item());
[, $messages] = warnings(fn() => store('large', ['text' => str_repeat('a', 420 * 1024)]));
check('names size and limit', (bool) preg_match('/\b4300\d\d bytes.*\bat most 40\d{4}\b/s', implode("\n", ours($messages))), $messages);
show('stored session untouched', item_text(lab_only_item()) === $stored);
?>
--EXPECT--
names size and limit: yes
stored session untouched: true
