--TEST--
Session data may hold any bytes: NUL, invalid UTF-8, in both formats and with every serializer
--FILE--
<?php
require 'request.inc';
require 'show.inc';
$work = <<<'PHP'
$all = implode('', array_map('chr', range(0, 255)));
$data = ['all' => $all, 'nul' => "\0", 'bad' => "\xff\xfe\x80", 'many' => str_repeat("\0\xff", 5000), 'empty' => ''];
session_id('binary');
session_start();
$_SESSION = $data;
session_write_close();
$_SESSION = [];
session_id('binary');
var_dump(session_start(), $_SESSION === $data);
session_abort();
PHP;
foreach (['sealed', 'aws-sdk'] as $format) {
    foreach (['php', 'php_binary', 'php_serialize'] as $serializer) {
        lab_reset();
        $output = cli("ob_start();\n$work", ['wp_dynamodb.session_format' => $format, 'session.serialize_handler' => $serializer]);
        show("$format, $serializer", trim($output));
    }
}
?>
--EXPECT--
sealed, php: "bool(true)\nbool(true)"
sealed, php_binary: "bool(true)\nbool(true)"
sealed, php_serialize: "bool(true)\nbool(true)"
aws-sdk, php: "bool(true)\nbool(true)"
aws-sdk, php_binary: "bool(true)\nbool(true)"
aws-sdk, php_serialize: "bool(true)\nbool(true)"
