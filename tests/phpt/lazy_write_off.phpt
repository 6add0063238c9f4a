--TEST--
With session.lazy_write = 0, as PHP says, every page writes
--INI--
session.lazy_write=0
--FILE--
<?php
require 'show.inc';
store('eager', ['a' => 1]);
show('unchanged', lab_count(fn() => store('eager', ['a' => 1])));
show('fresh and empty', lab_count(fn() => store('eager-empty', [])));
show('items', count(lab_dump()));
?>
--EXPECT--
unchanged: "GetItem 1, UpdateItem 1"
fresh and empty: "GetItem 1"
items: 1
