--TEST--
A table whose hash key is not what the setting says: a clear warning, no session
--INI--
wp_dynamodb.session_hash_key=id
--FILE--
<?php
require 'show.inc';
[$data, $messages] = warnings(fn() => fetch('key'));
show('started', $data);
show('missing in the warning', missing(implode("\n", ours($messages)), TABLE, EAST));
?>
--EXPECT--
started: null
missing in the warning: []
