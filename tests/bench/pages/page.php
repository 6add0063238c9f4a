<?php
/**
 * A page as WordPress makes one: it boots, starts the session, does its work, closes the session and sends the rest.
 *
 * `kind`: bare (no session at all), unchanged, changed, fresh (nothing is stored). `work`: milliseconds before the session,
 * while it is open, and after it. `path`: where the store is, when it has two addresses.
 */

require __DIR__ . '/work.php';

[$boot, $open, $rest] = array_map('floatval', explode(',', $_GET['work'] ?? '15,10,5'));
$kind = $_GET['kind'];
$answer = ['started' => true, 'read_ms' => 0, 'write_ms' => 0, 'n' => 0];

work($boot);
if ($kind !== 'bare') {
    if (isset($_GET['path'])) {
        ini_set('session.save_path', $_GET['path']);
    }
    $begin = hrtime(true);
    $answer['started'] = session_start();
    $answer['read_ms'] = (hrtime(true) - $begin) / 1e6;
}
work($open);
if ($kind !== 'bare') {
    if ($kind === 'changed') {
        $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
        $_SESSION['cart'] ??= cart();
    }
    $answer['n'] = $_SESSION['n'] ?? 0;
    $begin = hrtime(true);
    $answer['started'] = session_write_close() && $answer['started'];
    $answer['write_ms'] = (hrtime(true) - $begin) / 1e6;
}
work($rest);
header('Content-Type: application/json');
echo json_encode($answer);
