--TEST--
1,500 sessions in one process do not make it grow
--SKIPIF--
<?php
getenv('WPD_SLOW') and die('skip valgrind counts better');
?>
--FILE--
<?php
require 'show.inc';
function resident(): int
{
    return (int) (explode(' ', file_get_contents('/proc/self/statm'))[1] * 4096);
}
function work(int $times): void
{
    for ($i = 0; $i < $times; $i++) {
        store('growing', ['i' => $i, 'text' => str_repeat("$i ", 500)]);
    }
}
work(500);
$before = resident();
work(1000);
$grown = resident() - $before;
check('less than 1 KB each', $grown < 1000 * 1024, $grown);
show('read', fetch('growing')['i']);
?>
--EXPECT--
less than 1 KB each: yes
read: 999
