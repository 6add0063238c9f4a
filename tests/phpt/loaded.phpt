--TEST--
The extension is loaded, registers its handler, and has a section in phpinfo() and php --ri
--FILE--
<?php
require 'show.inc';
require 'request.inc';
show('loaded', extension_loaded('wp_dynamodb'));
check('version', (bool) preg_match('/^\d+\.\d+\.\d+/', (string) phpversion('wp_dynamodb')), phpversion('wp_dynamodb'));
show('handler', session_module_name());

ob_start();
phpinfo(INFO_MODULES);
$info = ob_get_clean();
preg_match('/Registered save handlers => (.*)/', $info, $handlers);
check('registered', in_array('dynamodb', explode(' ', trim($handlers[1] ?? ''))), $handlers);

$section = run_command(getenv('TEST_PHP_EXECUTABLE') . ' ' . getenv('TEST_PHP_EXTRA_ARGS') . ' --ri wp_dynamodb');
foreach (array_keys(ini_get_all('wp_dynamodb')) as $name) {
    if (!str_contains($section, $name)) {
        echo "phpinfo lacks $name\n";
    }
}
show('missing in phpinfo', missing($section, 'wp_dynamodb', 'version', 'us-east-1', 'us-west-2', TABLE));
?>
--EXPECT--
loaded: true
version: yes
handler: "dynamodb"
registered: yes
missing in phpinfo: []
