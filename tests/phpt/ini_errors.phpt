--TEST--
A bad setting is reported at start with its name, its value and what is allowed; nothing crashes, no session starts
--INI--
wp_dynamodb.connect_timeout_ms=300
wp_dynamodb.attempt_timeout_ms=700
wp_dynamodb.request_timeout_ms=2000
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$bad = [
    'regions' => ['', 'us-east-1,us-east-1', 'us-east-1,,us-west-2', 'Virginia', 'us_east_1', 'us-east-1;us-west-2'],
    'region' => ['eu-west-1', 'here'],
    'region_parameter' => ['', '/a b', 'no*stars'],
    'region_poll_interval' => ['0', 'soon', '-5', '3601', '1.5', ''],
    'state_file' => ['relative.json'],
    'endpoints' => ['us-east-1', 'us-east-1=', 'us-east-1=ftp://host', 'us-east-1=http://', 'eu-west-1=http://host', 'http://127.0.0.1:8000'],
    'ssm_endpoints' => ['us-east-1=localhost:80', 'us-east-1=http://a,us-east-1=http://b'],
    'table' => ['ab', 'a table', ''],
    'session_hash_key' => ['', 'data'],
    'session_format' => ['json', '', 'SEALED!'],
    'session_prefetch' => ['maybe', '2'],
    'session_write' => ['', 'async', 'Sync'],
    'session_max_bytes' => ['100', '8M'],
    'session_locking' => ['2', 'maybe'],
    'session_lock_ttl' => ['1', '1h'],
    'session_lock_wait' => ['-1', '301'],
    'session_consistent_read' => ['maybe', '2'],
    'session_touch_after' => ['51', '-1', '10%', 'ten'],
    'connect_timeout_ms' => ['0', 'fast', '999999', '6000'],
    'attempt_timeout_ms' => ['1ms', '6000'],
    'request_timeout_ms' => ['', '-1'],
    'log_level' => ['loud', ''],
    'failover' => ['', 'manual', 'Auto'],
    'routing' => ['', 'nearest', 'active,local'],
    'switch_window' => ['', '-1', '3601', '30s', '0.5'],
];
$code = 'ob_start(); echo "script\n"; $started = session_start(); echo "started ", json_encode($started), "\n"; try { wp_dynamodb_active_region(); echo "no exception\n"; } '
    . 'catch (WpDynamoDb\ConfigException $e) { echo "exception: ", $e->getMessage(), "\n"; }';
$bad_reports = 0;
foreach ($bad as $name => $values) {
    // Valgrind needs seconds for a process: there one value of each.
    foreach (SLOW > 1 ? array_slice($values, 0, 1) : $values as $value) {
        $output = cli($code, ["wp_dynamodb.$name" => $value]);
        $report = strstr($output, 'script', true);
        $missing = missing($report, 'Warning', "wp_dynamodb.$name", "\"$value\"", 'allowed');
        if ($missing || !str_contains($output, 'started false') || !preg_match('/^exception: .*' . preg_quote("wp_dynamodb.$name") . '/m', $output)) {
            $bad_reports++;
            show("$name = \"$value\"", ['missing at start' => $missing, 'output' => $output]);
        }
    }
}
show('not reported as they should be', $bad_reports);

// Two at once are both named.
$output = cli($code, ['wp_dynamodb.table' => 'ab', 'wp_dynamodb.log_level' => 'loud']);
show('two, missing', missing(strstr($output, 'script', true), 'wp_dynamodb.table', 'wp_dynamodb.log_level'));

// A password in a URL is not shown.
$output = cli($code, ['wp_dynamodb.endpoints' => 'eu-west-1=http://me:verysecret@host']);
show('password shown', str_contains($output, 'verysecret'));

// The settings are the administrator's: not for scripts.
show('ini_set', @ini_set('wp_dynamodb.table', 'other'));
?>
--EXPECT--
not reported as they should be: 0
two, missing: []
password shown: false
ini_set: false
