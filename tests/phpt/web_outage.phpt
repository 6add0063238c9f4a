--TEST--
Web requests (CGI) in an outage: the cookie never changes, the session is the same after it, strict mode or not
--SKIPIF--
<?php
getenv('TEST_PHP_CGI_EXECUTABLE') or die('skip PHP has no CGI');
?>
--INI--
wp_dynamodb.attempt_timeout_ms=${WPD_ATTEMPT_MS}
wp_dynamodb.connect_timeout_ms=${WPD_CONNECT_MS}
wp_dynamodb.request_timeout_ms=${WPD_REQUEST_MS}
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$page = 'ob_start(); $started = session_start(); $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1; ob_end_clean(); echo json_encode($started);';
foreach (['0', '1'] as $strict) {
    lab_reset();
    $ini = ['session.use_strict_mode' => $strict];
    $cookie = 'PHPSESSID=' . web($page, '', $ini)['set'];
    $stored = item_text(lab_only_item());
    foreach (['refuse', '5xx', 'blackhole', 'denied'] as $fault) {
        lab_fault($fault);
        $answer = web($page, $cookie, $ini);
        show("strict $strict, $fault", [$answer['body'], $answer['set'] === null || "PHPSESSID={$answer['set']}" === $cookie]);
    }
    lab_fault('none');
    show("strict $strict, stored session untouched", item_text(lab_only_item()) === $stored);
    show("strict $strict, after it", web('session_start(); echo $_SESSION["n"];', $cookie, $ini)['body']);
}
?>
--EXPECT--
strict 0, refuse: ["false",true]
strict 0, 5xx: ["false",true]
strict 0, blackhole: ["false",true]
strict 0, denied: ["false",true]
strict 0, stored session untouched: true
strict 0, after it: "1"
strict 1, refuse: ["false",true]
strict 1, 5xx: ["false",true]
strict 1, blackhole: ["false",true]
strict 1, denied: ["false",true]
strict 1, stored session untouched: true
strict 1, after it: "1"
