--TEST--
A session by the test runner's own CGI request
--CGI--
--COOKIE--
PHPSESSID=given-by-the-runner
--FILE--
<?php
require 'show.inc';
session_start();
show('id', session_id());
$_SESSION['seen'] = true;
session_write_close();
show('stored', count(lab_dump()));
session_start();
show('read', $_SESSION);
session_destroy();
show('left', count(lab_dump()));
?>
--EXPECT--
id: "given-by-the-runner"
stored: 1
read: {"seen":true}
left: 0
