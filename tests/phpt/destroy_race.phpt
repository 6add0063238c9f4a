--TEST--
session_destroy() deletes what another request stored after this one found nothing
--FILE--
<?php
require 'show.inc';
session_id('leaving');
session_start();
show('found', $_SESSION);
// Another request of the visitor logs in meanwhile: the item as it would write it, taken from a session of the same name.
$pid = pcntl_fork();
if ($pid === 0) {
    session_abort();
    store('leaving', ['login' => 'admin']);
    // Without PHP's shutdown, which is the parent's to do.
    posix_kill(getmypid(), SIGKILL);
}
pcntl_waitpid($pid, $status);
show('stored meanwhile', count(lab_dump()));
show('destroyed', session_destroy());
show('left', count(lab_dump()));
?>
--EXPECT--
found: []
stored meanwhile: 1
destroyed: true
left: 0
