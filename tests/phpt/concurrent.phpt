--TEST--
Two requests with the same session: the last writer stays, whole; what was destroyed meanwhile comes back when it is changed
--FILE--
<?php
require 'show.inc';
require 'request.inc';
store('both', ['a' => 1, 'b' => 1]);
session_id('both');
session_start();
echo cli('ob_start(); session_id("both"); session_start(); $_SESSION["b"] = 2; $_SESSION["c"] = 2;');
$_SESSION['a'] = 3;
session_write_close();
show('last writer', fetch('both'));

session_id('both');
session_start();
echo cli('ob_start(); session_id("both"); session_start(); session_destroy();');
show('destroyed by another', count(lab_dump()));
session_write_close();
show('unchanged and young: stays away', count(lab_dump()));

store('both', ['a' => 1]);
session_id('both');
session_start();
echo cli('ob_start(); session_id("both"); session_start(); session_destroy();');
$_SESSION['a'] = 4;
session_write_close();
show('changed: stored again', fetch('both'));
?>
--EXPECT--
last writer: {"a":3,"b":1}
destroyed by another: 0
unchanged and young: stays away: 0
changed: stored again: {"a":4}
