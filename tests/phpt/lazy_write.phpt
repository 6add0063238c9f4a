--TEST--
An unchanged session is not written while it is young; later only its expiry moves; changed data is one write
--INI--
session.gc_maxlifetime=1000
wp_dynamodb.session_touch_after=10
--FILE--
<?php
require 'show.inc';
function visit(callable $change): string
{
    return lab_count(function () use ($change) {
        session_id('lazy');
        session_start();
        $change();
        session_write_close();
    });
}
/** The stored item as it would be after some seconds. */
function age(int $seconds): void
{
    $item = lab_only_item();
    $item['expires']['N'] = (string) ($item['expires']['N'] - $seconds);
    if (isset($item['updated_at']['N'])) {
        $item['updated_at']['N'] = (string) ($item['updated_at']['N'] - 1000 * $seconds);
    }
    lab_put($item);
}
show('first', visit(fn() => $_SESSION = ['text' => 'hello']));
show('unchanged, young', visit(fn() => null));
show('changed', visit(fn() => $_SESSION['text'] = 'hello again'));
show('read only', visit(fn() => $_SESSION['text']));

age(50);
show('unchanged, 5 %', visit(fn() => null));
age(350);
$before = lab_only_item();
show('unchanged, 40 %', visit(fn() => null));
$after = lab_only_item();
check('expiry moved', $after['expires']['N'] - $before['expires']['N'] >= 390, [$before['expires'], $after['expires']]);
check('data as before', $after['data'] === $before['data']);
show('and young again', visit(fn() => null));
show('still there', fetch('lazy'));
?>
--EXPECT--
first: "GetItem 1, UpdateItem 1"
unchanged, young: "GetItem 1"
changed: "GetItem 1, UpdateItem 1"
read only: "GetItem 1"
unchanged, 5 %: "GetItem 1"
unchanged, 40 %: "GetItem 1, UpdateItem 1"
expiry moved: yes
data as before: yes
and young again: "GetItem 1"
still there: {"text":"hello again"}
