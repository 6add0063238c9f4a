--TEST--
A session is written, read in another process, changed and destroyed
--FILE--
<?php
require 'show.inc';
require 'request.inc';
session_id('roundtrip');
show('start', session_start());
show('fresh', $_SESSION);
$_SESSION = ['cart' => ['pear' => 2], 'user' => 7, 'price' => 1.5, 'none' => null];
show('close', session_write_close());

echo cli('session_id("roundtrip"); session_start(); echo "other process: ", json_encode($_SESSION), "\n"; $_SESSION["user"] = 8;');
show('changed', fetch('roundtrip'));

session_id('roundtrip');
session_start();
show('destroy', session_destroy());
show('items left', count(lab_dump()));
show('read again', fetch('roundtrip'));
session_id('never-stored');
session_start();
show('destroy what is not there', session_destroy());
?>
--EXPECT--
start: true
fresh: []
close: true
other process: {"cart":{"pear":2},"user":7,"price":1.5,"none":null}
changed: {"cart":{"pear":2},"user":8,"price":1.5,"none":null}
destroy: true
items left: 0
read again: []
destroy what is not there: true
