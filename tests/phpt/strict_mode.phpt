--TEST--
Strict mode: an unknown id gets a new one, a known one is kept, and neither costs a call more
--INI--
session.use_strict_mode=1
--FILE--
<?php
require 'show.inc';
require 'request.inc';
show('unknown: calls', lab_count(function () {
    session_id('forged-by-somebody');
    session_start();
    check('unknown: new id', session_id() !== 'forged-by-somebody' && session_id() !== '', session_id());
    show('unknown: data', $_SESSION);
    session_write_close();
}));

ini_set('session.use_strict_mode', '0');
store('known', ['user' => 3]);
ini_set('session.use_strict_mode', '1');
show('known: calls', lab_count(function () {
    session_id('known');
    session_start();
    show('known: id', session_id());
    show('known: data', $_SESSION);
    session_write_close();
}));

// An expired session is as good as unknown, to a request that has not used it before.
$item = lab_only_item();
lab_put(['expires' => ['N' => (string) (time() - 5)]] + $item);
show('expired: new id, data', cli('ob_start(); session_id("known"); session_start(); echo json_encode([session_id() !== "known", $_SESSION]);'));

// An id that PHP issued in this request is known, though nothing is stored yet.
session_id('');
session_start();
$issued = session_id();
session_write_close();
session_start();
check('issued, closed, started again: same id', session_id() === $issued);
session_reset();
check('issued, reset: same id', session_id() === $issued);
session_abort();
?>
--EXPECT--
unknown: new id: yes
unknown: data: []
unknown: calls: "GetItem 1"
known: id: "known"
known: data: {"user":3}
known: calls: "GetItem 1"
expired: new id, data: "[true,[]]"
issued, closed, started again: same id: yes
issued, reset: same id: yes
