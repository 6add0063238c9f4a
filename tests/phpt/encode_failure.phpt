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
check('a warning of our own', count(ours($messages)) === 1, $messages);
show('missing in it', missing(implode(ours($messages)), 'stored session', 'encode'));
show('stored item untouched', item_text(lab_only_item()) === $stored);
show('read', fetch('cannot'));

// Nothing stored: nothing is stored.
[, $messages] = warnings(fn() => store('cannot-fresh', ['a|b' => 1]));
show('items', count(lab_dump()));
?>
--EXPECT--
a warning of our own: yes
missing in it: []
stored item untouched: true
read: {"user":"kept"}
items: 1
