--TEST--
A session emptied on purpose is empty, and stays so
--FILE--
<?php
require 'show.inc';
foreach (['php', 'php_serialize'] as $serializer) {
    ini_set('session.serialize_handler', $serializer);
    lab_reset();
    store('emptied', ['user' => 1, 'cart' => 2]);
    session_id('emptied');
    session_start();
    $_SESSION = [];
    show("$serializer, close", session_write_close());
    show("$serializer, read", fetch('emptied'));

    store('unset', ['user' => 1]);
    session_id('unset');
    session_start();
    session_unset();
    session_write_close();
    show("$serializer, session_unset", fetch('unset'));
}
?>
--EXPECT--
php, close: true
php, read: []
php, session_unset: []
php_serialize, close: true
php_serialize, read: []
php_serialize, session_unset: []
