--TEST--
session_reset(), session_abort() and read_and_close
--FILE--
<?php
require 'show.inc';
store('changing', ['n' => 1]);
session_id('changing');
session_start();
$_SESSION['n'] = 2;
show('reset', session_reset());
show('after reset', $_SESSION);
$_SESSION['n'] = 3;
session_reset();
session_reset();
$_SESSION['n'] = 4;
session_write_close();
show('written after resets', fetch('changing'));

show('abort', lab_count(function () {
    session_id('changing');
    session_start();
    $_SESSION['n'] = 5;
    session_abort();
}));
show('after abort', fetch('changing'));

show('read_and_close', lab_count(function () {
    session_id('changing');
    show('start', session_start(['read_and_close' => true]));
    show('status', session_status() === PHP_SESSION_NONE);
    $_SESSION['n'] = 6;
}));
show('after read_and_close', fetch('changing'));
?>
--EXPECT--
reset: true
after reset: {"n":1}
written after resets: {"n":4}
abort: "GetItem 1"
after abort: {"n":4}
start: true
status: true
read_and_close: "GetItem 1"
after read_and_close: {"n":4}
