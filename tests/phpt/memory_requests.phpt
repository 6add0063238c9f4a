--TEST--
10,000 requests in one worker do not make it grow
--SKIPIF--
<?php
getenv('WPD_SLOW') and die('skip the same, counted, is what valgrind says');
?>
--FILE--
<?php
require 'show.inc';
require 'request.inc';
// PHP's built-in server: every request has the start and the end that a php-fpm worker gives it, all in one process.
$page = request_file('session_id("page-" . $_GET["n"] % 50); session_start(); $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1; '
    . '$_SESSION["text"] = str_repeat("x", 500 + $_GET["n"] % 500); if ($_GET["n"] % 7 === 0) { session_regenerate_id(); } echo "ok"; '
    . 'if ($_GET["n"] % 11 === 0) { wp_dynamodb_status(); wp_dynamodb_metrics("prometheus"); }');
$address = '127.0.0.1:' . (getenv('WPD_PORT') + 90);
$command = 'exec ' . getenv('TEST_PHP_EXECUTABLE') . request_arguments([]) . " -S $address " . escapeshellarg($page);
$log = ['file', getenv('WPD_TMP') . '/server.log', 'w'];
$server = proc_open(['/bin/sh', '-c', $command], [['file', '/dev/null', 'r'], $log, $log], $pipes);
$pid = proc_get_status($server)['pid'];
for ($i = 0; $i < 100 && !@fsockopen("tcp://$address"); $i++) {
    usleep(50000);
}

/** Makes requests; returns how many were answered as they should be. */
function requests(int $times): int
{
    global $address;
    static $n = 0;
    $good = 0;
    for ($i = 0; $i < $times; $i++) {
        $good += @file_get_contents("http://$address/?n=" . $n++) === 'ok';
    }
    return $good;
}
function resident(int $pid): int
{
    return (int) ((int) explode(' ', file_get_contents("/proc/$pid/statm"))[1] * 4096);
}
show('first', requests(2000));
$before = resident($pid);
show('then', requests(10000));
$grown = resident($pid) - $before;
// 100 bytes a request would be 1 MB; what allocators keep back varies by less than that.
check('less than 1 MB more', $grown < 1 << 20, $grown);
proc_terminate($server);
proc_close($server);
unlink($page);
?>
--EXPECT--
first: 2000
then: 10000
less than 1 MB more: yes
