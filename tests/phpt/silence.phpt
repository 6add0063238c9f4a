--TEST--
Session ids, keys and data are in no output and no log, whatever fails and however much is logged
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$id = 'wp0quiet0id0of0a0visitor';
$secret = 'the-visitors-secret';
$key = 'secret_key_name';
$log = getenv('WPD_TMP') . '/silence.log';
@unlink($log);
$code = <<<PHP
ini_set('display_errors', '1');
session_id('$id');
ob_start();
echo json_encode(@wp_dynamodb_status()), "\\n";
session_start();
\$_SESSION['$key'] = '$secret' . rand();
session_write_close();
session_start();
\$_SESSION['$key'] = random_bytes(9000000);
\$_SESSION['more'] = '$secret';
session_write_close();
session_start();
\$_SESSION['a|b'] = '$secret';
session_regenerate_id(true);
session_write_close();
echo json_encode(wp_dynamodb_status()), wp_dynamodb_metrics('prometheus'), json_encode(wp_dynamodb_config()), json_encode(wp_dynamodb_health());
phpinfo(INFO_MODULES);
PHP;
$everything = '';
foreach (['sealed', 'aws-sdk'] as $format) {
    foreach (['none', 'refuse', '5xx', 'throttle', 'denied'] as $fault) {
        lab_reset();
        lab_fault($fault);
        $everything .= cli($code, ['wp_dynamodb.session_format' => $format, 'wp_dynamodb.log_level' => 'info', 'log_errors' => '1', 'error_log' => $log,
            'wp_dynamodb.request_timeout_ms' => 1000 * SLOW, 'wp_dynamodb.attempt_timeout_ms' => 500 * SLOW, 'wp_dynamodb.connect_timeout_ms' => 300 * SLOW], ['RUST_LOG' => 'trace', 'RUST_BACKTRACE' => '1']);
    }
}
lab_fault('none');
$everything .= @file_get_contents($log);
check('there was something to say', substr_count($everything, 'wp_dynamodb: ') > 10, $everything);
foreach (['id' => $id, 'half of the id' => substr($id, 0, 12), 'secret' => $secret, 'key' => $key] as $what => $text) {
    $at = strpos($everything, $text);
    show($what, $at === false ? 'not there' : substr($everything, max(0, $at - 150), 300));
}
?>
--EXPECT--
there was something to say: yes
id: "not there"
half of the id: "not there"
secret: "not there"
key: "not there"
