--TEST--
A SessionHandler that turns a failed read into an empty session does not get it written over the stored one
--FILE--
<?php
require 'show.inc';
class Careless extends SessionHandler
{
    public function read(string $id): string|false
    {
        return (string) parent::read($id);
    }
}
session_set_save_handler(new Careless(), true);
store('careless', ['cart' => 'full']);
$stored = item_text(lab_only_item());
lab_fault('refuse');
session_id('careless');
[$started] = warnings(fn() => session_start());
lab_fault('none');
$_SESSION = ['new' => 1];
[, $messages] = warnings(fn() => session_write_close());
show('started', $started);
check('it is said', missing(implode("\n", ours($messages)), 'could not be read', 'not written') === [], $messages);
show('stored session as it was', item_text(lab_only_item()) === $stored);
?>
--EXPECT--
started: true
it is said: yes
stored session as it was: true
