--TEST--
Web requests (CGI): the cookie comes and goes, one read per page, no write for an unchanged session
--SKIPIF--
<?php
getenv('TEST_PHP_CGI_EXECUTABLE') or die('skip PHP has no CGI');
?>
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$count = 'session_start(); $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1; echo $_SESSION["n"];';
$first = web($count);
check('first page sets a cookie', (bool) preg_match('/^[0-9a-zA-Z,-]{22,}$/', (string) $first['set']), $first);
show('first', $first['body']);
$cookie = 'PHPSESSID=' . $first['set'];
$second = web($count, $cookie);
show('second', [$second['body'], $second['set']]);

show('unchanged page', lab_count(fn() => web('session_start(); echo $_SESSION["n"];', $cookie)));
show('changed page', lab_count(fn() => web($count, $cookie)));
show('page without session_start()', str_replace('GetItem 1', 'none', lab_count(fn() => web('echo 1;', $cookie))));
show('fresh page that stores nothing', str_replace('GetItem 1', 'none', lab_count(fn() => web('session_start();'))));
show('items', count(lab_dump()));

// Strict mode adds nothing, and gives a forged id a new one.
$strict = ['session.use_strict_mode' => '1'];
show('strict, unchanged page', lab_count(fn() => web('session_start(); echo $_SESSION["n"];', $cookie, $strict)));
$known = web($count, $cookie, $strict);
show('strict, known', [$known['body'], $known['set']]);
$forged = web('session_start(); echo json_encode($_SESSION);', 'PHPSESSID=forged', $strict);
check('strict, forged', $forged['body'] === '[]' && $forged['set'] && $forged['set'] !== 'forged', $forged);
$fresh = web($count, '', $strict);
show('strict, fresh session is readable', web($count, 'PHPSESSID=' . $fresh['set'], $strict)['body']);

// A cookie that is no id at all.
foreach (['', '%00', 'a%20b', str_repeat('x', 5000), '..%2f..', '%ff'] as $odd) {
    $page = web('echo json_encode(@session_start());', "PHPSESSID=$odd");
    in_array($page['body'], ['true', 'false'], true) or show("odd cookie $odd", $page);
}
show('two cookies', web($count, "other=1; $cookie; PHPSESSID=second")['body']);
?>
--EXPECT--
first page sets a cookie: yes
first: "1"
second: ["2",null]
unchanged page: "GetItem 1"
changed page: "GetItem 1, UpdateItem 1"
page without session_start(): "none"
fresh page that stores nothing: "none"
items: 1
strict, unchanged page: "GetItem 1"
strict, known: ["4",null]
strict, forged: yes
strict, fresh session is readable: "2"
two cookies: "5"
