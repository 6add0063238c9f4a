--TEST--
A fresh session without data is not stored
--FILE--
<?php
require 'show.inc';
show('id of the visitor', lab_count(function () {
    session_id('nobody-yet');
    session_start();
    session_write_close();
}));
show('id of our own', str_replace('GetItem 1', 'none', lab_count(function () {
    session_id('');
    session_start();
    session_write_close();
})));
show('set and unset', lab_count(function () {
    session_id('nobody-yet');
    session_start();
    $_SESSION['a'] = 1;
    unset($_SESSION['a']);
    session_write_close();
}));
show('items', count(lab_dump()));
?>
--EXPECT--
id of the visitor: "GetItem 1"
id of our own: "none"
set and unset: "GetItem 1"
items: 0
