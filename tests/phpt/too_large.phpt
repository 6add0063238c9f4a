--TEST--
Data over DynamoDB's item limit of 400 KB goes into several items; over session_max_bytes an error names size and limit, and the stored session stays
--INI--
wp_dynamodb.session_max_bytes=6000000
wp_dynamodb.attempt_timeout_ms=8000
wp_dynamodb.request_timeout_ms=10000
--FILE--
<?php
require 'show.inc';
store('large', ['text' => str_repeat('all work and no play ', 100000)]);
show('2.1 MB of text, items', [strlen(fetch('large')['text']), count(lab_dump())]);

$random = random_bytes(390 * 1024);
store('large', ['bytes' => $random]);
show('390 KB of noise, items', [fetch('large') === ['bytes' => $random], count(lab_dump())]);

$random = random_bytes(5 * 1000 * 1000);
show('5 MB of noise, calls', lab_count(fn() => store('large', ['bytes' => $random])));
show('found, items', [fetch('large') === ['bytes' => $random], count(lab_dump())]);
show('its calls', lab_count(fn() => fetch('large')));
$parts = array_filter(lab_dump(), fn($item) => $item['fmt']['S'] === 'part');
$text = json_encode(lab_dump());
show('parts, with a readable id', [count($parts), str_contains($text, 'large')]);
check('parts expire after their session', min(array_map(fn($item) => (int) $item['expires']['N'], $parts)) >= time() + 3600, $parts[0]['expires'] ?? null);
// Unchanged it is not written.
show('unchanged', lab_count(function () {
    session_id('large');
    session_start();
    session_write_close();
}));

[, $messages] = warnings(fn() => store('large', ['bytes' => random_bytes(6 * 1000 * 1000)]));
$text = implode("\n", ours($messages));
check('a warning of our own', count(ours($messages)) === 1, $messages);
check('names size and limit', (bool) preg_match('/\b6000\d{3} bytes.*\bat most 6000000 .*session_max_bytes/s', $text), $text);
show('missing in it', missing($text, TABLE, EAST));
show('stored session untouched', fetch('large') === ['bytes' => $random]);

// A part that is not there is no empty session.
lab_delete(array_values($parts)[3]);
[$found, $messages] = warnings(fn() => fetch('large'));
show('a part is missing', [$found, missing(implode(ours($messages)), 'a part of the session is not there', TABLE, EAST)]);
?>
--EXPECT--
2.1 MB of text, items: [2100000,1]
390 KB of noise, items: [true,1]
5 MB of noise, calls: "GetItem 1, UpdateItem 14"
found, items: [true,14]
its calls: "GetItem 14"
parts, with a readable id: [13,false]
parts expire after their session: yes
unchanged: "GetItem 14"
a warning of our own: yes
names size and limit: yes
missing in it: []
stored session untouched: true
a part is missing: [null,[]]
