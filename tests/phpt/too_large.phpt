--TEST--
Data over DynamoDB's item limit of 400 KB: compressed it may fit; if not, an error names size and limit, and the stored session stays
--FILE--
<?php
require 'show.inc';
store('large', ['text' => str_repeat('all work and no play ', 100000)]);
show('2.1 MB of text', strlen(fetch('large')['text']));

$random = random_bytes(390 * 1024);
store('large', ['bytes' => $random]);
show('390 KB of noise', fetch('large') === ['bytes' => $random]);
$stored = item_text(lab_only_item());

[, $messages] = warnings(fn() => store('large', ['bytes' => random_bytes(500 * 1024)]));
$text = implode("\n", ours($messages));
check('a warning of our own', count(ours($messages)) === 1, $messages);
check('names size and limit', (bool) preg_match('/\b5\d{5} bytes.*\bat most 40\d{4}\b/s', $text), $text);
show('missing in it', missing($text, TABLE, EAST));
show('stored session untouched', item_text(lab_only_item()) === $stored);
?>
--EXPECT--
2.1 MB of text: 2100000
390 KB of noise: true
a warning of our own: yes
names size and limit: yes
missing in it: []
stored session untouched: true
