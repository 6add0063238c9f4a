--TEST--
A session that was not read is never written over, whatever an error handler does about our warning
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$recover = 'file_get_contents("http://127.0.0.1:" . getenv("WPD_PORT") . "/fault", false, stream_context_create(["http" => ["method" => "POST", '
    . '"header" => "Content-Type: application/json", "content" => \'{"region":"us-east-1","service":"dynamodb","kind":"none"}\']]));';
$meddlers = [
    'closes the session' => 'session_write_close();',
    'exits' => 'exit(1);',
    'throws' => 'throw new Exception("no");',
    'ends with a fatal error' => 'trigger_error("no", E_USER_ERROR);',
    'runs out of memory' => 'ini_set("memory_limit", "3M"); str_repeat("a", 1 << 21);',
];
foreach ($meddlers as $what => $code) {
    lab_reset();
    store('meddled', ['user' => 'kept']);
    $stored = item_text(lab_only_item());
    lab_fault('refuse');
    // The outage ends just when our warning says that the read failed.
    $output = cli("ob_start(); set_error_handler(function (\$level) { if (\$level === E_USER_ERROR) return false; $recover $code return true; }); "
        . 'session_id("meddled"); session_start(); echo "on";');
    lab_fault('none');
    show("an error handler that $what", item_text(lab_only_item()) === $stored);
}
?>
--EXPECT--
an error handler that closes the session: true
an error handler that exits: true
an error handler that throws: true
an error handler that ends with a fatal error: true
an error handler that runs out of memory: true
