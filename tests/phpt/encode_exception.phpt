--TEST--
A value that throws when it is serialized does not harm the stored session, nor does a bad key with $_SESSION unset
--FILE--
<?php
require 'show.inc';
require 'request.inc';
store('odd', ['user' => 'kept']);
$stored = item_text(lab_only_item());
function kept(string $what, string $code, array $ini = []): void
{
    global $stored;
    $output = cli('ob_start(); session_id("odd"); session_start(); ' . $code, $ini);
    $now = lab_only_item();
    show($what, [$now !== null && item_text($now) === $stored, str_contains($output, 'ended by signal')]);
    if (!$now || item_text($now) !== $stored) {
        lab_put(json_decode($stored, true));
    }
}
$class = 'class T { function __serialize(): array { throw new Exception("no"); } } ';
foreach (['php', 'php_serialize'] as $serializer) {
    ini_set('session.serialize_handler', $serializer);
    lab_reset();
    store('odd', ['user' => 'kept']);
    $stored = item_text(lab_only_item());
    $ini = ['session.serialize_handler' => $serializer];
    kept("$serializer, a closure", '$_SESSION["f"] = function () {}; session_write_close();', $ini);
    kept("$serializer, a closure, at the end", '$_SESSION["f"] = function () {};', $ini);
    kept("$serializer, __serialize throws", $class . '$_SESSION["t"] = new T; session_write_close();', $ini);
    kept("$serializer, caught", $class . '$_SESSION["t"] = new T; try { session_write_close(); } catch (Exception) {}', $ini);
    kept("$serializer, while the id changes", $class . '$_SESSION["t"] = new T; try { session_regenerate_id(); } catch (Exception) {} session_abort();', $ini);
}
ini_set('session.serialize_handler', 'php');
lab_reset();
store('odd', ['user' => 'kept']);
$stored = item_text(lab_only_item());
kept('a bar in a key, $_SESSION unset', '$_SESSION["a|b"] = 1; unset($_SESSION); session_write_close();');

// Nothing stored yet: the data cannot be kept, but it does not vanish in silence.
[, $messages] = warnings(fn() => store('new', ['a|b' => 1]));
$said = PHP_VERSION_ID < 80600 ? ours($messages) : preg_grep('/Failed to write session data/', $messages);
check('a fresh session that cannot be encoded is said', count($said) === 1, $messages);
?>
--EXPECT--
php, a closure: [true,false]
php, a closure, at the end: [true,false]
php, __serialize throws: [true,false]
php, caught: [true,false]
php, while the id changes: [true,false]
php_serialize, a closure: [true,false]
php_serialize, a closure, at the end: [true,false]
php_serialize, __serialize throws: [true,false]
php_serialize, caught: [true,false]
php_serialize, while the id changes: [true,false]
a bar in a key, $_SESSION unset: [true,false]
a fresh session that cannot be encoded is said: yes
