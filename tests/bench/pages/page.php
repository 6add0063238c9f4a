<?php
/** A page with a session: reads it, changes it when asked to, tells how long it waited and what it cost this worker. */

function cpu_ms(): float
{
    // All threads of the worker, PHP's own and the extension's.
    $use = getrusage();
    return ($use['ru_utime.tv_sec'] + $use['ru_stime.tv_sec']) * 1e3 + ($use['ru_utime.tv_usec'] + $use['ru_stime.tv_usec']) / 1e3;
}

$cpu = cpu_ms();
$begin = hrtime(true);
$started = session_start();
$read = hrtime(true) - $begin;
if (isset($_GET['change'])) {
    $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
}
$_SESSION['text'] ??= str_repeat('what a cart holds ', 60);
$begin = hrtime(true);
session_write_close();
$write = hrtime(true) - $begin;
header('Content-Type: application/json');
echo json_encode(['started' => $started, 'read_ms' => $read / 1e6, 'write_ms' => $write / 1e6, 'cpu_ms' => cpu_ms() - $cpu]);
