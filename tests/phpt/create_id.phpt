--TEST--
session_create_id(): with a prefix, with an active session, in strict mode, in an outage
--FILE--
<?php
require 'show.inc';
show('plain', (bool) preg_match('/^[0-9a-zA-Z,-]{32}$/', session_create_id()));
show('prefix', (bool) preg_match('/^shop-[0-9a-zA-Z,-]{32}$/', session_create_id('shop-')));
ini_set('session.use_strict_mode', '1');
session_id('');
session_start();
[$id, $messages] = warnings(fn() => session_create_id('pre-'));
check('active, strict', is_string($id) && str_starts_with($id, 'pre-') && !$messages, [$id, $messages]);
check('another each time', session_create_id() !== session_create_id());
show('nothing stored by it', count(lab_dump()));
session_abort();

// The documented way to a new id: create, close, use.
session_start();
$new = session_create_id();
$_SESSION['moved_to'] = 1;
session_commit();
ini_set('session.use_strict_mode', '0');
session_id($new);
session_start();
$_SESSION['here'] = 1;
session_write_close();
show('used', fetch($new));

lab_fault('refuse');
[$id, $messages] = warnings(fn() => session_create_id('out-'));
lab_fault('none');
check('outage', is_string($id) && str_starts_with($id, 'out-'), [$id, $messages]);
?>
--EXPECT--
plain: true
prefix: true
active, strict: yes
another each time: yes
nothing stored by it: 0
used: {"here":1}
outage: yes
