--TEST--
A sealed item holds neither the session id nor its data in clear
--INI--
session.gc_maxlifetime=3000
--FILE--
<?php
require 'show.inc';
$id = 'sealed0id1that2nobody3may4see';
store($id, ['secret' => 'correct horse battery staple', 'list' => range(1, 50)]);
$item = lab_only_item();
$names = array_keys($item);
show('expected attributes missing', array_values(array_diff(['session_id', 'data', 'expires'], $names)));
show('types', [array_key_first($item['session_id']), array_key_first($item['data']), array_key_first($item['expires'])]);

// Everything of the item, with binary values decoded, in one text.
$clear = '';
array_walk_recursive($item, function (string|bool $value, string|int $type) use (&$clear) {
    $clear .= "\n$value\n" . ($type === 'B' ? base64_decode($value) : '');
});
foreach (['the id' => $id, 'half of the id' => substr($id, 0, 14), 'a key' => 'secret', 'a value' => 'horse', 'a list' => 'list|a:50', 'md5 of the id' => md5($id),
    'sha1 of the id' => sha1($id), 'sha256 of the id' => hash('sha256', $id), 'base64 of the id' => rtrim(base64_encode($id), '=')] as $what => $text) {
    check("no trace of $what", stripos($clear, $text) === false && stripos($clear, bin2hex($text)) === false);
}

// The expiry may lie as much later as an unchanged session may go without a write.
$left = $item['expires']['N'] - time();
check('expires in gc_maxlifetime, in seconds', $left >= 2990 && $left <= 4510, $left);

// The same data under another id gives other bytes.
$data = $item['data'];
lab_reset();
store('another-id', ['secret' => 'correct horse battery staple', 'list' => range(1, 50)]);
check('other id, other bytes', lab_only_item()['data'] !== $data && lab_only_item()['session_id'] !== $item['session_id']);

// The same data written again gives other bytes as well: no nonce is used twice.
lab_reset();
store($id, ['secret' => 'correct horse battery staple', 'list' => range(1, 50)]);
check('same id, same key', lab_only_item()['session_id'] === $item['session_id']);
check('written again, other bytes', lab_only_item()['data'] !== $data);

// Compressed: 40 KB of the same letter take a fraction.
lab_reset();
store($id, ['long' => str_repeat('a', 40000)]);
check('compressed', strlen(lab_only_item()['data']['B']) < 4000);
?>
--EXPECT--
expected attributes missing: []
types: ["S","B","N"]
no trace of the id: yes
no trace of half of the id: yes
no trace of a key: yes
no trace of a value: yes
no trace of a list: yes
no trace of md5 of the id: yes
no trace of sha1 of the id: yes
no trace of sha256 of the id: yes
no trace of base64 of the id: yes
expires in gc_maxlifetime, in seconds: yes
other id, other bytes: yes
same id, same key: yes
written again, other bytes: yes
compressed: yes
