--TEST--
A panic in a callback becomes a warning and a failure: PHP goes on, and the stored session is left as it is
--CAPTURE_STDIO--
STDOUT
--SKIPIF--
<?php
if (getenv('WPD_RELEASE')) die('skip release builds cannot be told to panic');
?>
--FILE--
<?php
require 'show.inc';
store('visitor', ['user' => 3]);
$stored = item_text(lab_only_item());

function told(string $callback, callable $work): void
{
    putenv("WP_DYNAMODB_TEST_PANIC=$callback");
    [$result, $messages] = warnings($work);
    putenv('WP_DYNAMODB_TEST_PANIC');
    session_status() === PHP_SESSION_ACTIVE and session_abort();
    show($callback, [$result, missing(implode("\n", ours($messages)), 'internal error', "told to panic in $callback")]);
}

$start = function () {
    session_id('visitor');
    return session_start();
};
told('open', $start);
told('read', $start);
told('write', function () use ($start) {
    $start();
    $_SESSION['user'] = 4;
    return session_write_close();
});
told('destroy', function () use ($start) {
    $start();
    return session_destroy();
});
told('close', function () use ($start) {
    $start();
    return session_abort();
});
ini_set('session.use_strict_mode', '1');
told('validate_sid', function () use ($start) {
    return $start() && session_id() === 'visitor';
});
show('stored', item_text(lab_only_item()) === $stored);
show('after it', fetch('visitor') === ['user' => 3]);
?>
--EXPECT--
open: [false,[]]
read: [false,[]]
write: [true,[]]
destroy: [false,[]]
close: [true,[]]
validate_sid: [true,[]]
stored: true
after it: true
