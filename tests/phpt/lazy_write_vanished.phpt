--TEST--
An unchanged session whose item has gone while the page ran is written in full when its expiry is due
--INI--
wp_dynamodb.session_touch_after=0
--FILE--
<?php
require 'show.inc';
store('gone', ['cart' => 'full']);
session_id('gone');
session_start();
lab_delete(lab_only_item());
session_write_close();
show('read', fetch('gone'));
check('one whole item', isset(lab_only_item()['data'], lab_only_item()['expires']), lab_only_item());

// With touch_after 0 every page moves the expiry.
show('unchanged', lab_count(function () {
    session_id('gone');
    session_start();
    session_write_close();
}));
?>
--EXPECT--
read: {"cart":"full"}
one whole item: yes
unchanged: "GetItem 1, UpdateItem 1"
