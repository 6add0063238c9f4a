--TEST--
exit() in an error handler called by our warning, in a shutdown function and in an output callback
--FILE--
<?php
require 'show.inc';
require 'request.inc';
store('leaving', ['n' => 1]);
$stored = item_text(lab_only_item());
$handler = 'set_error_handler(function () { echo "handler\n"; exit(5); });';
lab_fault('refuse');
show('read', cli("ob_start(); $handler session_id('leaving'); session_start(); echo 'not reached';"));
lab_fault('none');
$break = 'file_get_contents("http://127.0.0.1:" . getenv("WPD_PORT") . "/fault", false, stream_context_create(["http" => ["method" => "POST", "header" => "Content-Type: application/json", "content" => '
    . '\'{"region":"us-east-1","service":"dynamodb","kind":"refuse"}\']]));';
show('write', cli("ob_start(); session_id('leaving'); session_start(); \$_SESSION['n'] = 2; $break $handler session_write_close(); echo 'not reached';"));
lab_fault('none');
show('write at the end', cli("ob_start(); session_id('leaving'); session_start(); \$_SESSION['n'] = 2; $break $handler"));
lab_fault('none');
show('destroy', cli("ob_start(); session_id('leaving'); session_start(); $break $handler session_destroy(); echo 'not reached';"));
lab_fault('none');
show('stored session untouched', item_text(lab_only_item()) === $stored);
show('in a shutdown function', cli('ob_start(); session_id("leaving"); session_start(); register_shutdown_function(function () { $_SESSION["n"] = 9; exit(1); });'));
show('written all the same', fetch('leaving'));
?>
--EXPECT--
read: "handler\n"
write: "handler\n"
write at the end: "handler\n"
destroy: "handler\n"
stored session untouched: true
in a shutdown function: ""
written all the same: {"n":9}
