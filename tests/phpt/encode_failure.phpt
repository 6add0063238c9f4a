--TEST--
Data that PHP cannot encode does not wipe the stored session
--FILE--
<?php
require 'show.inc';
store('cannot', ['user' => 'kept']);
$stored = item_text(lab_only_item());
[, $messages] = warnings(function () {
    session_id('cannot');
    session_start();
    $_SESSION['user'] = 'lost?';
    $_SESSION['a|b'] = 1;
    session_write_close();
});
// From PHP 8.6 on it is PHP that finds it, and says so.
$said = PHP_VERSION_ID < 80600 ? ours($messages) : preg_grep('/Failed to write session data/', $messages);
check('a warning', count($said) === 1, $messages);
show('missing in it', PHP_VERSION_ID < 80600 ? missing(implode($said), 'stored session', 'encode') : missing(implode($said), 'invalid key'));
show('stored item untouched', item_text(lab_only_item()) === $stored);
show('read', fetch('cannot'));

// Nothing stored: nothing is stored.
[, $messages] = warnings(fn() => store('cannot-fresh', ['a|b' => 1]));
show('items', count(lab_dump()));
?>
--EXPECT--
a warning: yes
missing in it: []
stored item untouched: true
read: {"user":"kept"}
items: 1
