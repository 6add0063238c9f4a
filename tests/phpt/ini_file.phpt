--TEST--
php/wp_dynamodb.ini has every setting, with its default, and wp_dynamodb_config() the same
--FILE--
<?php
require 'show.inc';
preg_match_all('/^;(wp_dynamodb\.\w+) = "(.*)"$/m', file_get_contents(getenv('WPD_STUB') . '/wp_dynamodb.ini'), $lines, PREG_SET_ORDER);
$file = array_column($lines, 2, 1);
$config = wp_dynamodb_config();
ksort($file);
ksort($config);
show('only in the file', array_values(array_diff(array_keys($file), array_keys($config))));
show('only in the extension', array_values(array_diff(array_keys($config), array_keys($file))));
foreach ($config as $name => $setting) {
    if (($file[$name] ?? null) !== $setting['default']) {
        show("$name, default", [$file[$name] ?? null, $setting['default']]);
    }
    if (array_diff(['value', 'default', 'source', 'meaning'], array_keys($setting)) || strlen($setting['meaning']) < 10) {
        show("$name, shape", $setting);
    }
    if ((string) $setting['value'] !== ini_get($name)) {
        show("$name, value", [$setting['value'], ini_get($name)]);
    }
}
$entries = ini_get_all('wp_dynamodb');
show('INI entries', array_keys($entries) === array_keys($config));
show('not system', array_keys(array_filter($entries, fn($entry) => $entry['access'] !== INI_SYSTEM)));
show('sources', [$config['wp_dynamodb.regions']['source'], $config['wp_dynamodb.session_format']['source']]);
?>
--EXPECT--
only in the file: []
only in the extension: []
INI entries: true
not system: []
sources: ["ini","default"]
