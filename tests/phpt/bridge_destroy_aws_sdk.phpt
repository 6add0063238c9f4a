--TEST--
Format aws-sdk: session_regenerate_id(true) and session_destroy() while the Region is lost: the old id is gone in every Region, also when the lost one returns
--INI--
wp_dynamodb.failover=auto
wp_dynamodb.switch_window=300
wp_dynamodb.session_format=aws-sdk
--FILE--
<?php
require 'show.inc';

/** What an id finds. */
function look(string $id): mixed
{
    // In strict mode a look at an id that has gone would make a new one.
    ini_set('session.use_strict_mode', '0');
    return fetch($id);
}

wp_dynamodb_refresh();
foreach (['0', '1'] as $strict) {
    lab_fault('none');
    ini_set('session.use_strict_mode', '0');
    store("login$strict", ['user' => 7]);
    store("logout$strict", ['user' => 8]);
    lab('POST', '/replication', ['settle' => true]);
    // Nothing of what follows arrives by replication.
    lab('POST', '/replication', ['state' => 'pause']);
    lab_fault('refuse');
    ini_set('session.use_strict_mode', $strict);

    [$result, $messages] = warnings(function () use ($strict) {
        session_id("login$strict");
        session_start();
        $moved = session_regenerate_id(true);
        $_SESSION['moved'] = true;
        $id = session_id();
        session_write_close();
        session_id("logout$strict");
        session_start();
        return [$moved, session_destroy(), $id];
    });
    [$moved, $destroyed, $new] = $result;
    show("strict $strict: moved, destroyed, messages", [$moved, $destroyed, $messages]);
    show('lost: new id, old id, logged out', [look($new), look("login$strict"), look("logout$strict")]);

    lab_fault('none');
    $until = microtime(true) + 15 * SLOW;
    while (wp_dynamodb_status()['route'] !== EAST && microtime(true) < $until) {
        usleep(50000);
    }
    show('back', wp_dynamodb_status()['route']);
    show('back: new id, old id, logged out', [look($new), look("login$strict"), look("logout$strict")]);
    lab('POST', '/replication', ['state' => 'run']);
    lab('POST', '/replication', ['settle' => true]);
    show('replicated: new id, old id, logged out', [look($new), look("login$strict"), look("logout$strict")]);
}
?>
--CLEAN--
<?php
require 'lab.inc';
?>
--EXPECT--
strict 0: moved, destroyed, messages: [true,true,[]]
lost: new id, old id, logged out: [{"user":7,"moved":true},[],[]]
back: "us-east-1"
back: new id, old id, logged out: [{"user":7,"moved":true},[],[]]
replicated: new id, old id, logged out: [{"user":7,"moved":true},[],[]]
strict 1: moved, destroyed, messages: [true,true,[]]
lost: new id, old id, logged out: [{"user":7,"moved":true},[],[]]
back: "us-east-1"
back: new id, old id, logged out: [{"user":7,"moved":true},[],[]]
replicated: new id, old id, logged out: [{"user":7,"moved":true},[],[]]
