--TEST--
A connection that dies while it is kept alive does not cost a session
--FILE--
<?php
require 'show.inc';
store('kept', ['n' => 1]);
foreach (['reset', 'refuse', '5xx'] as $fault) {
    // The fault hits the kept connection; when it is over, the next call needs a new one.
    lab_fault($fault);
    warnings(fn() => fetch('kept'));
    lab_fault('none');
    [$data, $messages] = warnings(fn() => fetch('kept'));
    show($fault, [$data, $messages]);
}
?>
--EXPECT--
reset: [{"n":1},[]]
refuse: [{"n":1},[]]
5xx: [{"n":1},[]]
