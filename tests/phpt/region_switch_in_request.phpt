--TEST--
The parameter moves while a page runs: it read in one Region and writes in the other, and nothing is lost
--FILE--
<?php
require 'show.inc';
store('between', ['cart' => 3]);
lab('POST', '/replication', ['settle' => true]);
session_id('between');
session_start();
$_SESSION['cart'] = 4;
lab_parameter(WEST);
wp_dynamodb_refresh();
show('calls in the first Region', lab_count(function () {
    show('calls in the second', lab_count(fn() => session_write_close(), WEST));
}, EAST));
show('read in the second', fetch('between'));
lab('POST', '/replication', ['settle' => true]);
check('the same in both', item_text(lab_only_item(EAST)) === item_text(lab_only_item(WEST)));

// An unchanged one, whose item the second Region does not have yet: the page goes on, the session is where it was.
lab_parameter(EAST);
wp_dynamodb_refresh();
lab('POST', '/replication', ['state' => 'pause']);
store('early', ['n' => 1]);
session_id('early');
session_start();
lab_parameter(WEST);
wp_dynamodb_refresh();
session_write_close();
lab('POST', '/replication', ['state' => 'run', 'settle' => true]);
show('after replication', fetch('early'));
lab_parameter(EAST);
wp_dynamodb_refresh();
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECT--
calls in the second: "UpdateItem 1"
calls in the first Region: "none"
read in the second: {"cart":4}
the same in both: yes
after replication: {"n":1}
