--TEST--
DynamoDB fails at the write: a warning of our own comes first, the stored session stays as it was
--INI--
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
store('visitor', ['user' => 3]);
$stored = item_text(lab_only_item());
foreach (['refuse', '5xx', 'denied', 'missing', 'blackhole'] as $fault) {
    session_id('visitor');
    session_start();
    $_SESSION['user'] = 4;
    lab_fault($fault);
    [$closed, $messages] = warnings(fn() => session_write_close());
    lab_fault('none');
    // PHP says true here whatever the handler answered: the warnings are all that a page gets.
    $said = str_contains($messages[0] ?? '', 'not certain') ? 'not certain' : 'not stored';
    show($fault, [$closed, str_contains($messages[0] ?? '', 'wp_dynamodb: '), missing($messages[0] ?? '', TABLE, EAST, 'stored'), count($messages), $said]);
    // A black hole may have done the write and swallowed the answer; the lab's does not.
    item_text(lab_only_item()) === $stored or print("the stored item changed with $fault\n");
}
// A call that is carried out and whose answer is lost: either way the session is whole, and the warning says that it is not known which.
session_id('visitor');
session_start();
$_SESSION['user'] = 5;
lab_fault('hang');
[, $messages] = warnings(fn() => session_write_close());
lab_fault('none');
show('hang', missing($messages[0] ?? '', 'wp_dynamodb: ', 'not certain', TABLE, EAST));
check('whole', in_array(fetch('visitor'), [['user' => 3], ['user' => 5]], true), fetch('visitor'));
lab_put(json_decode($stored, true));

session_id('visitor');
session_start();
lab_fault('denied');
[$destroyed, $messages] = warnings(fn() => session_destroy());
lab_fault('none');
show('destroy, denied', [$destroyed, missing(implode(ours($messages)), 'the session is not deleted', 'dynamodb:DeleteItem', TABLE, EAST)]);

session_id('visitor');
session_start();
lab_fault('refuse');
[$destroyed, $messages] = warnings(fn() => session_destroy());
lab_fault('none');
show('destroy', [$destroyed, missing(implode(ours($messages)), TABLE, EAST)]);
show('after it', fetch('visitor'));
?>
--EXPECT--
refuse: [true,true,[],2,"not certain"]
5xx: [true,true,[],2,"not certain"]
denied: [true,true,[],2,"not stored"]
missing: [true,true,[],2,"not stored"]
blackhole: [true,true,[],2,"not certain"]
hang: []
whole: yes
destroy, denied: [false,[]]
destroy: [false,[]]
after it: {"user":3}
