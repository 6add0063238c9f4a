--TEST--
session_regenerate_id() in an outage: no fatal error, the stored session stays
--INI--
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
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
        lab_fault('refuse');
        try {
            [$done, $messages] = warnings(fn() => session_regenerate_id($delete));
            $what = count(ours($messages)) > 0;
        } catch (Throwable $error) {
            $what = get_class($error) . ': ' . $error->getMessage();
        }
        session_status() === PHP_SESSION_ACTIVE and warnings(fn() => session_write_close());
        lab_fault('none');
        ini_set('session.use_strict_mode', '0');
        show("strict $strict, delete " . (int) $delete, [$done, $what, fetch('before')]);
    }
}
?>
--EXPECTF--
strict 0, delete 1: [false,true,{"user":1}]
strict 0, delete 0: [%s,true,{"user":1}]
strict 1, delete 1: [false,true,{"user":1}]
strict 1, delete 0: [%s,true,{"user":1}]
