--TEST--
Session ids with odd characters, very long ones, and what PHP refuses
--FILE--
<?php
require 'show.inc';
require 'request.inc';
$work = <<<'PHP'
ob_start();
foreach (['a', 'A', 'a,b-c', str_repeat('x', 200), str_repeat('x', 201), '-', ',', '0'] as $i => $id) {
    session_id($id);
    session_start();
    $_SESSION['i'] = $i;
    session_write_close();
}
foreach (['a', 'A', 'a,b-c', str_repeat('x', 200), str_repeat('x', 201), '-', ',', '0'] as $i => $id) {
    session_id($id);
    session_start();
    echo $_SESSION['i'] === $i ? 'ok ' : "wrong($i) ";
    session_abort();
}
PHP;
foreach (['sealed', 'aws-sdk'] as $format) {
    lab_reset();
    show($format, trim(cli($work, ['wp_dynamodb.session_format' => $format])));
    show("$format, items", count(lab_dump()));
}

// Characters that PHP itself lets through to no handler: nothing is stored, nothing breaks.
lab_reset();
foreach (['spaces' => 'a b', 'slash' => 'a/b', 'quote' => 'a"b', 'bytes' => "\xff\xfe", 'dots' => '../../x', 'html' => '<b>', 'nul' => "a\0b", 'too long' => str_repeat('y', 300)] as $what => $id) {
    [$data, $messages] = warnings(function () use ($id) {
        session_id($id);
        $started = session_start();
        $_SESSION['odd'] = 1;
        session_status() === PHP_SESSION_ACTIVE and session_write_close();
        return $started;
    });
    foreach ($messages as $message) {
        strlen($id) > 4 && str_contains($message, $id) and print("$what: the id is in a message\n");
    }
    show($what, is_bool($data));
}
?>
--EXPECT--
sealed: "ok ok ok ok ok ok ok ok"
sealed, items: 8
aws-sdk: "ok ok ok ok ok ok ok ok"
aws-sdk, items: 8
spaces: true
slash: true
quote: true
bytes: true
dots: true
html: true
nul: true
too long: true
