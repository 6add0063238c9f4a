--TEST--
Several sessions one after the other in one request, and one closed and started again
--FILE--
<?php
require 'show.inc';
session_id('one');
session_start();
$_SESSION['n'] = 1;
session_write_close();
session_start();
show('started again', $_SESSION);
$_SESSION['n'] = 2;
session_write_close();
session_start();
show('and again', $_SESSION);
session_write_close();
store('two', ['m' => 1]);
store('one', ['n' => 3]);
show('one, two', [fetch('one'), fetch('two')]);

// Two names are two sessions, with the same id.
session_name('FIRST');
store('shared', ['name' => 'first']);
session_name('SECOND');
show('second', fetch('shared'));
store('shared', ['name' => 'second']);
session_name('FIRST');
show('first', fetch('shared'));
session_name('SECOND');
show('second', fetch('shared'));
show('items', count(lab_dump()));

// 100 sessions in one process.
for ($i = 0; $i < 100; $i++) {
    store("many-$i", ['i' => $i]);
}
$wrong = 0;
for ($i = 0; $i < 100; $i++) {
    $wrong += fetch("many-$i") !== ['i' => $i];
}
show('wrong of 100', $wrong);
?>
--EXPECT--
started again: {"n":1}
and again: {"n":2}
one, two: [{"n":3},{"m":1}]
second: []
first: {"name":"first"}
second: {"name":"second"}
items: 4
wrong of 100: 0
