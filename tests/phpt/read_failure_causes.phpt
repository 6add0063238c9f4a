--TEST--
The warning of a failed read names the cause
--INI--
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$causes = ['refuse' => '/refused/i', 'reset' => '/connection reset|closed|broken/i', '5xx' => '/5\d\d|internal|server error|unavailable/i', 'throttle' => '/throttl|throughput/i',
    'denied' => '/denied|not authori|access/i', 'blackhole' => '/timed? ?out|in time|deadline/i', 'hang' => '/timed? ?out|in time|deadline/i', 'noconnect' => '/timed? ?out|in time|deadline/i'];
foreach ($causes as $fault => $pattern) {
    lab_fault($fault);
    [, $messages] = warnings(fn() => fetch('visitor'));
    check($fault, (bool) preg_match($pattern, implode("\n", ours($messages))), $messages);
}
lab_fault('none');

$start = 'ob_start(); session_id("visitor"); var_dump(session_start());';
$output = cli($start, ['wp_dynamodb.table' => 'no_such_table']);
check('no table', str_contains($output, 'bool(false)') && preg_match('/not exist|not found/', $output) && str_contains($output, 'no_such_table'), $output);
$output = cli($start, [], ['AWS_ACCESS_KEY_ID' => '', 'AWS_SECRET_ACCESS_KEY' => '']);
check('no credentials', str_contains($output, 'bool(false)') && preg_match('/wp_dynamodb: .*credential/s', $output), $output);
?>
--EXPECT--
refuse: yes
reset: yes
5xx: yes
throttle: yes
denied: yes
blackhole: yes
hang: yes
noconnect: yes
no table: yes
no credentials: yes
