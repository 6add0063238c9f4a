--TEST--
$_SESSION replaced or referenced, handlers changed, auto start: nothing stored is lost
--FILE--
<?php
require 'show.inc';
require 'request.inc';
store('odd', ['user' => 'kept']);
$stored = item_text(lab_only_item());
function kept(string $what, string $code, array $ini = []): void
{
    global $stored;
    $output = cli('ob_start(); session_id("odd"); ' . $code, $ini);
    $now = lab_only_item();
    show($what, [$now !== null && item_text($now) === $stored, str_contains($output, 'ended by signal')]);
    if (!$now || item_text($now) !== $stored) {
        lab_put(json_decode($stored, true));
    }
}
kept('a number for $_SESSION', 'session_start(); $_SESSION = 7; session_write_close();');
kept('a bar in a key, by reference', 'session_start(); $s = &$_SESSION; $s["a|b"] = 1; session_write_close();');
kept('no serializer', 'session_start(["serialize_handler" => "nothing"]); session_write_close();');
kept('other handler in between', 'ini_set("session.save_handler", "files"); session_start(); $_SESSION["a"] = 1; session_write_close(); ini_set("session.save_handler", "dynamodb"); session_start(); session_write_close();');
kept('auto_start', 'session_write_close();', ['session.auto_start' => '1']);
kept('a lifetime of nothing', 'session_start(["gc_maxlifetime" => 0]); session_abort();');

?>
--EXPECT--
a number for $_SESSION: [true,false]
a bar in a key, by reference: [true,false]
no serializer: [true,false]
other handler in between: [true,false]
auto_start: [true,false]
a lifetime of nothing: [true,false]
