--TEST--
An unchanged session whose item has gone while the page ran is written in full when its expiry is due
--INI--
wp_dynamodb.session_touch_after=0
--FILE--
<?php
require 'show.inc';
/** The session as it would be some seconds later: with touch_after 0 its expiry is due. */
function due(): void
{
    $item = lab_only_item();
    $item['expires']['N'] = (string) ($item['expires']['N'] - 5);
    lab_put($item);
}
store('gone', ['cart' => 'full']);
due();
session_id('gone');
session_start();
lab_delete(lab_only_item());
session_write_close();
show('read', fetch('gone'));
check('one whole item', isset(lab_only_item()['data'], lab_only_item()['expires']), lab_only_item());

// It is not brought back when it went because it was destroyed here.
session_id('gone');
session_start();
session_destroy();
show('destroyed', count(lab_dump()));

store('gone', ['cart' => 'full']);
due();
show('unchanged', lab_count(function () {
    session_id('gone');
    session_start();
    session_write_close();
}));
?>
--EXPECT--
read: {"cart":"full"}
one whole item: yes
destroyed: 0
unchanged: "GetItem 1, UpdateItem 1"
