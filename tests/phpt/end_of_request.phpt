--TEST--
The session is written at the end of a request, however it ends
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$ends = [
    'falls off the end' => '',
    'exit' => 'exit(3);',
    'exception' => 'throw new Exception("end");',
    'fatal error' => 'no_such_function();',
    'out of memory' => 'ini_set("memory_limit", "8M"); $a = str_repeat("a", 1 << 28);',
    'shutdown function' => 'register_shutdown_function(function () { $_SESSION["late"] = 1; });',
    'object with destructor' => 'class Late { function __destruct() { $_SESSION["late"] = 1; } } $late = new Late;',
    'time limit' => 'set_time_limit(1); while (true);',
];
foreach ($ends as $what => $code) {
    lab_reset();
    $output = cli('ob_start(); session_id("ending"); session_start(); $_SESSION["a"] = 1; ' . $code);
    show($what, [fetch('ending')['a'] ?? null, substr_count($output, 'wp_dynamodb'), substr_count($output, 'signal')]);
}
?>
--EXPECT--
falls off the end: [1,0,0]
exit: [1,0,0]
exception: [1,0,0]
fatal error: [1,0,0]
out of memory: [1,0,0]
shutdown function: [1,0,0]
object with destructor: [1,0,0]
time limit: [1,0,0]
