--TEST--
session_regenerate_id() with and without deletion of the old session, strict and not
--FILE--
<?php
require 'show.inc';
foreach (['0', '1'] as $strict) {
    foreach ([true, false] as $delete) {
        lab_reset();
        ini_set('session.use_strict_mode', '0');
        store('before', ['user' => 1]);
        ini_set('session.use_strict_mode', $strict);
        session_id('before');
        session_start();
        $_SESSION['user'] = 2;
        [$done, $messages] = warnings(fn() => session_regenerate_id($delete));
        $new = session_id();
        $_SESSION['user'] = 3;
        session_write_close();
        $case = "strict $strict, delete " . (int) $delete;
        show($case, [$done, $new !== 'before', $messages, count(lab_dump())]);
        show("$case, old and new", [fetch('before'), fetch($new)]);
    }
}
// With a fresh session, and twice.
ini_set('session.use_strict_mode', '1');
lab_reset();
session_id('');
session_start();
$_SESSION['a'] = 1;
session_regenerate_id(true);
session_regenerate_id(true);
$new = session_id();
session_write_close();
show('twice', [count(lab_dump()), fetch($new)]);
?>
--EXPECT--
strict 0, delete 1: [true,true,[],1]
strict 0, delete 1, old and new: [[],{"user":3}]
strict 0, delete 0: [true,true,[],2]
strict 0, delete 0, old and new: [{"user":2},{"user":3}]
strict 1, delete 1: [true,true,[],1]
strict 1, delete 1, old and new: [[],{"user":3}]
strict 1, delete 0: [true,true,[],2]
strict 1, delete 0, old and new: [{"user":2},{"user":3}]
twice: [1,{"a":1}]
