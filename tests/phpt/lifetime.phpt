--TEST--
session.gc_maxlifetime is the lifetime, also when it is changed at run time
--INI--
wp_dynamodb.session_touch_after=0
--FILE--
<?php
require 'show.inc';
foreach ([100, 5000] as $seconds) {
    lab_reset();
    session_start(['gc_maxlifetime' => $seconds]);
    $_SESSION['a'] = 1;
    session_write_close();
    $left = lab_only_item()['expires']['N'] - time();
    check("$seconds", $left >= $seconds - 5 && $left <= $seconds + 1, $left);
}
ini_set('session.gc_maxlifetime', '60');
lab_reset();
store('short', ['a' => 1]);
$left = lab_only_item()['expires']['N'] - time();
check('ini_set', $left >= 55 && $left <= 61, $left);
?>
--EXPECT--
100: yes
5000: yes
ini_set: yes
