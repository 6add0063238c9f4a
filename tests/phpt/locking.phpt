--TEST--
session_locking: taken and read with one call, given back with the write or at the close; reset, abort, destroy and new ids do not wait for themselves
--INI--
wp_dynamodb.session_locking=1
wp_dynamodb.session_lock_wait=2
--FILE--
<?php
require 'show.inc';
/** What the only item says of its lock, once what was given back in passing has arrived. */
function locked(): bool
{
    for ($tries = 0; $tries < 100 && isset(lab_only_item()['lock']); $tries++) {
        usleep(10000);
    }
    return isset(lab_only_item()['lock']);
}

wp_dynamodb_refresh();
show('new id', lab_count(fn() => session_start() && session_write_close()));
show('changed', lab_count(fn() => store('visitor', ['n' => 1])));
show('locked after it', locked());
show('unchanged', lab_count(function () {
    session_id('visitor');
    session_start();
    show('locked', isset(lab_only_item()['lock'], lab_only_item()['lock_until']));
    session_write_close();
    locked();
}));
show('aborted', lab_count(function () {
    fetch('visitor');
    locked();
}));
show('locked after it', locked());
show('read and closed', lab_count(function () {
    session_id('visitor');
    session_start(['read_and_close' => true]);
}));
$begin = microtime(true);
session_id('visitor');
session_start();
$_SESSION['n'] = 2;
session_reset();
show('reset', $_SESSION);
$_SESSION['n'] = 3;
session_write_close();
session_start();
show('again in this request', $_SESSION);
session_regenerate_id();
$_SESSION['n'] = 4;
$new = session_id();
session_write_close();
show('moved, left behind', [fetch($new), fetch('visitor')]);
session_id($new);
session_start();
show('destroyed', session_destroy());
show('gone', fetch($new));
// An id that nobody has stored, and strict mode that does not want it.
ini_set('session.use_strict_mode', '1');
session_id('unknown');
session_start();
show('strict: another id', session_id() !== 'unknown');
session_abort();
check('nobody waited', microtime(true) - $begin < 1.5 * SLOW, microtime(true) - $begin);
?>
--EXPECT--
new id: "none"
changed: "UpdateItem 2"
locked after it: false
locked: true
unchanged: "UpdateItem 2"
aborted: "UpdateItem 2"
locked after it: false
read and closed: "GetItem 1"
reset: {"n":1}
again in this request: {"n":3}
moved, left behind: [{"n":4},{"n":3}]
destroyed: true
gone: []
strict: another id: true
nobody waited: yes
