--TEST--
pcntl_fork() with an open session: both processes end well, the session is the last writer's
--SKIPIF--
<?php
extension_loaded('pcntl') or die('skip PHP has no pcntl');
?>
--FILE--
<?php
require 'show.inc';
session_id('open');
session_start();
$_SESSION['who'] = 'nobody';
$pid = pcntl_fork();
if ($pid === 0) {
    ob_end_clean();
    $_SESSION['who'] = 'child';
    session_write_close();
    exit(7);
}
pcntl_waitpid($pid, $status);
show('child', pcntl_wexitstatus($status));
show('stored by the child', lab_only_item() !== null);
$_SESSION['who'] = 'parent';
show('close', session_write_close());
show('read', fetch('open'));
?>
--EXPECT--
child: 7
stored by the child: true
close: true
read: {"who":"parent"}
